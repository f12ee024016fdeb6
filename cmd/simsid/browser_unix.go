//go:build !windows && !darwin

package main

import (
	"os"
	"os/exec"
)

// canOpenBrowser looks whether there is a screen to open one on and a program to do it.
func canOpenBrowser() bool { return opener() != "" }

// opener is the program that opens the browser: that of BROWSER, or, where there is a screen, the first that is installed of those that the
// library tries.
func opener() string {
	if programs := os.Getenv("BROWSER"); programs != "" {
		return programs
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return ""
	}
	for _, program := range []string{"xdg-open", "x-www-browser", "www-browser", "wslview"} {
		if _, err := exec.LookPath(program); err == nil {
			return program
		}
	}
	return ""
}
