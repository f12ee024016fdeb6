package main

import "path/filepath"

// userConfigDir and userStateDir are ~/Library/Application Support.
func userConfigDir() (string, error) { return userStateDir() }

func userStateDir() (string, error) {
	h, err := home()
	if err != nil {
		return "", err
	}
	return filepath.Join(h, "Library", "Application Support"), nil
}
