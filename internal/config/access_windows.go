package config

import "io/fs"

// checkWriters leaves it to the access list of the user's folder, which the system keeps.
func checkWriters(string, fs.FileInfo) error { return nil }
