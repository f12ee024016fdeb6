//go:build linux

// Command peak runs a program and prints the most memory that it had in use, in bytes. It is a program of its own, and a small one, since
// Linux counts what the parent had in use as the child's until the child's own program is loaded. What is no more than that can't be
// told, and is an error.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
		os.Exit(1)
	}
}

func run(argv []string) error {
	if len(argv) == 0 {
		return fmt.Errorf("usage: peak PROGRAM [ARGUMENT...]")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Files: []*os.File{null, null, os.Stderr}})
	if err != nil {
		return err
	}
	state, err := p.Wait()
	if err != nil {
		return err
	}
	if !state.Success() {
		return fmt.Errorf("%s: %s", argv[0], state)
	}
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return fmt.Errorf("this system doesn't tell what a program used")
	}
	own, err := ownPeak()
	if err != nil {
		return err
	}
	if usage.Maxrss <= own {
		return fmt.Errorf("%s used no more than the %d kB of this program itself", argv[0], own)
	}
	const kibibyte = 1024 // the unit of ru_maxrss on Linux, see getrusage(2)
	_, err = fmt.Println(usage.Maxrss * kibibyte)
	return err
}

// ownPeak is the most that this program itself has had in use, in kibibytes. getrusage would tell of its parent's too.
func ownPeak() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "\nVmHWM:")
	line, _, _ := strings.Cut(rest, "kB\n")
	return strconv.ParseInt(strings.TrimSpace(line), 10, 64)
}
