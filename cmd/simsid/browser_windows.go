package main

import "os"

// canOpenBrowser is true but over SSH, where the window would open on a screen that nobody looks at.
func canOpenBrowser() bool { return opener() != "" }

// opener is the program that opens the browser: that of BROWSER, or the system's.
func opener() string {
	if programs := os.Getenv("BROWSER"); programs != "" {
		return programs
	}
	if os.Getenv("SSH_CONNECTION") != "" {
		return ""
	}
	return "the system's own browser"
}
