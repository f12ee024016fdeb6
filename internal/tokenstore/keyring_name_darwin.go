package tokenstore

const keyringName = "macOS keychain"
