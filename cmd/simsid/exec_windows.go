package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// execute runs a program and waits for it: Windows can't put one in the place of another. Ctrl-C and Ctrl-Break reach every program of
// the console by themselves; here they are taken in and do nothing, so that the program may answer them as it likes, and have its exit
// code passed on.
func execute(path string, args, env []string) (int, error) {
	signals := make(chan os.Signal, 1) // never read: what is full drops the rest
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	cmd := &exec.Cmd{Path: path, Args: args, Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := cmd.Run()
	if ended := new(exec.ExitError); errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}
