//go:build !windows

package main

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
)

// home is the user's home as HOME has it, or, where that isn't set, as in services and some containers, as the system knows it: what
// works with nothing configured works there too.
func home() (string, error) {
	if h, err := os.UserHomeDir(); err == nil {
		if !filepath.IsAbs(h) { // each command would look for its files below the folder that it happens to be called in
			return "", errors.New("HOME isn't an absolute path")
		}
		return h, nil
	}
	u, err := user.Current()
	if err != nil || !filepath.IsAbs(u.HomeDir) {
		return "", errors.New("HOME isn't set, and the system knows no home of this user")
	}
	return u.HomeDir, nil
}
