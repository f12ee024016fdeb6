//go:build !windows && !darwin

package main

import (
	"os"
	"os/exec"
	"slices"
)

// canOpenBrowser looks whether there is a screen to open one on and a program to do it.
func canOpenBrowser() bool {
	if os.Getenv("BROWSER") != "" {
		return true
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return false
	}
	return slices.ContainsFunc([]string{"xdg-open", "x-www-browser", "www-browser", "wslview"}, func(program string) bool {
		_, err := exec.LookPath(program)
		return err == nil
	})
}
