package main

import (
	"os"
	"path/filepath"
)

// configDir is where config.toml lies: SIMSID_CONFIG_DIR, or simsid in the user's configuration folder.
func configDir() (string, error) {
	if d := os.Getenv("SIMSID_CONFIG_DIR"); d != "" {
		return filepath.Abs(d)
	}
	d, err := userConfigDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(d, "simsid"), nil
}

// stateDir is where logins and the embedded STS's state lie: SIMSID_STATE_DIR, or simsid in the user's state folder.
func stateDir() (string, error) {
	if d := os.Getenv("SIMSID_STATE_DIR"); d != "" {
		return filepath.Abs(d)
	}
	d, err := userStateDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(d, "simsid"), nil
}
