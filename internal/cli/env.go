// Package cli is the command line: options in, a request down, an answer rendered. It is the one place that sees both
// ends: configuration and prompts above, providers and stores below; the one place that gives hints and exit codes.
package cli

import (
	"context"
	"io"
	"time"
)

// Env is the process as the commands see it: main builds the real one, a test builds its own. Nothing below reads
// process state by itself.
type Env struct {
	// Args are the arguments behind the program's name.
	Args []string
	// Stdin, Stdout and Stderr are the streams; the answer goes to Stdout, everything else to Stderr.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// StdinTTY, StdoutTTY and StderrTTY tell which of them are terminals.
	StdinTTY, StdoutTTY, StderrTTY bool
	// StdoutNull reports whether Stdout is the null device, which is also what a program has whose standard output was closed.
	StdoutNull func() bool
	// Width returns the terminal's columns, 0 when there is none. It is called only when text is laid out.
	Width func() int
	// Height returns the rows of the terminal behind Stderr, 0 when there is none.
	Height func() int
	// StdinPiped tells whether Stdin is a pipe or a file: something that somebody means to be read.
	StdinPiped bool
	// Typed is Stdin where that is a terminal, read without the terminal's own bound on the length of a line. Close puts the terminal back.
	Typed func() (io.ReadCloser, error)
	// ReadSecret reads a line from the terminal without showing it, until ctx ends. It has ask written as soon as nothing is shown any more: what is
	// typed at the sight of a question may come at once. A line that may have been cut is an error.
	ReadSecret func(ctx context.Context, ask func()) (string, error)
	// Getenv reads the environment.
	Getenv func(string) string
	// Environ is the whole environment, NAME=value, for a command that is started with it.
	Environ func() []string
	// LookPath finds a program as a shell would, and Exec runs it: in the place of this process where the system can do that, and then
	// it returns only with an error. Else it waits, and returns the program's exit code.
	LookPath func(name string) (string, error)
	Exec     func(path string, args, env []string) (code int, err error)
	// ConfigDir and StateDir return the folders of the configuration and of the state, which need not exist yet.
	ConfigDir, StateDir func() (string, error)
	// ReadFile reads a file that the user named, up to a bound.
	ReadFile func(name string) ([]byte, error)
	// Open opens a file that the user named, of any size, for reading.
	Open func(name string) (io.ReadCloser, error)
	// Now is the clock, After its alarm, Location the zone in which times are shown.
	Now      func() time.Time
	After    func(time.Duration) <-chan time.Time
	Location func() *time.Location
	// Rand is a source of unpredictable bytes.
	Rand io.Reader
	// CanOpenBrowser tells whether an opener is to be had; OpenBrowser starts it and returns when it is done, with its
	// output kept away from Stdout.
	CanOpenBrowser func() bool
	OpenBrowser    func(ctx context.Context, address string) error
	// Opener names the program that OpenBrowser would start, "" where there is none.
	Opener func() string
	// Interruptible makes a context that Ctrl-C ends. It is called only by what waits or calls out, since catching signals costs more
	// than printing a token does.
	Interruptible func(context.Context) context.Context
	// GiveBack unmaps what starting the program took. It is called, where it isn't nil, for what only prints: what calls out needs most of it again.
	GiveBack func()
	// PID is the process's number, for whoever is to end it.
	PID int
	// Build says which program this is. It may have to be looked for in the program itself.
	Build func() Build
	// Platform is the system and the architecture, as Go names them: linux/amd64.
	Platform string
}

// Build says what was built, from what, with what.
type Build struct {
	Version, Commit, Date, Go string
}

// clock makes a flow.Clock of an Env.
type clock struct{ env Env }

func (c clock) Now() time.Time                         { return c.env.Now() }
func (c clock) After(d time.Duration) <-chan time.Time { return c.env.After(d) }
