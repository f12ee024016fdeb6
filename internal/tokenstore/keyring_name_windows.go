package tokenstore

const keyringName = "Windows credential manager"
