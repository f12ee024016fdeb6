package main

import "os"

// userStateDir is %LocalAppData%: unlike %AppData% it doesn't roam to other machines.
func userStateDir() (string, error) { return os.UserCacheDir() }
