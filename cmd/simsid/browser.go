package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/pkg/browser"
)

// openBrowser starts the user's browser. BROWSER comes first: programs separated by the list separator, tried in turn;
// "%s" in one stands for the address, which is appended otherwise.
func openBrowser(ctx context.Context, address string) error {
	openers := os.Getenv("BROWSER")
	if openers == "" {
		// The library writes what the opener prints to these.
		browser.Stdout, browser.Stderr = io.Discard, io.Discard
		return browser.OpenURL(address)
	}
	var errs []error
	for opener := range strings.SplitSeq(openers, string(os.PathListSeparator)) {
		args := strings.Fields(opener)
		if len(args) == 0 {
			continue
		}
		if strings.Contains(opener, "%s") {
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "%s", address)
			}
		} else {
			args = append(args, address)
		}
		// The user's own choice of program, from the user's own environment.
		cmd := exec.CommandContext(context.WithoutCancel(ctx), args[0], args[1:]...) //nolint:gosec // G204: BROWSER is the user's
		err := cmd.Run()
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
