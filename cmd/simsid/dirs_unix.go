//go:build !windows && !darwin

package main

import (
	"os"
	"path/filepath"
)

// userConfigDir and userStateDir follow the XDG base directory specification, which has paths that aren't absolute ignored.
func userConfigDir() (string, error) { return userDir("XDG_CONFIG_HOME", ".config") }

func userStateDir() (string, error) { return userDir("XDG_STATE_HOME", ".local/state") }

func userDir(variable, below string) (string, error) {
	if d := os.Getenv(variable); filepath.IsAbs(d) {
		return d, nil
	}
	h, err := home()
	if err != nil {
		return "", err
	}
	return filepath.Join(h, below), nil
}
