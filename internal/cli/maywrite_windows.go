package cli

// mayWrite reports whether this user may make something in a folder: there only an attempt tells.
func mayWrite(string) bool { return true }
