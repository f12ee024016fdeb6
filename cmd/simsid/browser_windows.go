package main

import "os"

// canOpenBrowser is true but over SSH, where the window would open on a screen that nobody looks at.
func canOpenBrowser() bool { return os.Getenv("BROWSER") != "" || os.Getenv("SSH_CONNECTION") == "" }
