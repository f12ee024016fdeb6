package main

import "os"

// userStateDir is ~/Library/Application Support.
func userStateDir() (string, error) { return os.UserConfigDir() }
