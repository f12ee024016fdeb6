//go:build !linux && !darwin && !windows

package tokenstore

const keyringName = "Secret Service"
