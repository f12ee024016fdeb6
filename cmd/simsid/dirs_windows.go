package main

import "os"

// userConfigDir is %AppData%.
func userConfigDir() (string, error) { return os.UserConfigDir() }

// userStateDir is %LocalAppData%: unlike %AppData% it doesn't roam to other machines.
func userStateDir() (string, error) { return os.UserCacheDir() }
