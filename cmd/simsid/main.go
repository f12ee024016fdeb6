// All that listens in this program is on loopback, where there are no several paths to choose between; without this line the system is asked five
// times before the first listener whether it has them.
//
//go:debug multipathtcp=0

// Command simsid signs in to SIMS ID and other OpenID providers from a terminal, keeps the login safely, hands tokens to
// scripts and explains what is inside them.
package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/simsid/simsid/internal/cli"
	"github.com/simsid/simsid/internal/stack" // for what its initialisation does, too
)

// Set by the release build through the linker.
var version, commit, date string

func main() {
	os.Exit(cli.Main(context.Background(), environment()))
}

// initialised are functions of libraries that every start runs a little of, to initialise them, and most commands nothing more: certificates, TLS, HTTP and
// regular expressions, which the linker lays near each other. A debugger's breakpoints lie in the code, and a program that is debugged has no version.
func initialised() []uintptr {
	if version == "" {
		return nil
	}
	return []uintptr{
		reflect.ValueOf((*x509.CertPool).AddCert).Pointer(), reflect.ValueOf(tls.X509KeyPair).Pointer(),
		reflect.ValueOf(http.Error).Pointer(), reflect.ValueOf(regexp.Compile).Pointer(),
	}
}

// interruptible makes a context that ends at Ctrl-C or SIGTERM. Until it is called both end the process at once, as a command that
// only prints should. A Ctrl-C that was ignored when simsid began stays ignored, as shells have it for what runs in the background, and so
// it reaches a command of exec.
func interruptible(ctx context.Context) context.Context {
	signals := []os.Signal{syscall.SIGTERM}
	if !signal.Ignored(os.Interrupt) {
		signals = append(signals, os.Interrupt)
	}
	ctx, _ = signal.NotifyContext(ctx, signals...) // stopped by the end of the process
	return ctx
}

func environment() cli.Env {
	// net/http logs what a server sends unasked, its bytes included, and those may be the secrets that it was sent.
	log.SetOutput(io.Discard)
	vars := takeSecrets()
	return cli.Env{
		Args:  os.Args[1:],
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StdinTTY:       isTerminal(os.Stdin),
		StdoutTTY:      isTerminal(os.Stdout),
		StdoutNull:     func() bool { return isNull(os.Stdout) },
		StderrTTY:      isTerminal(os.Stderr),
		Width:          width,
		Height:         height,
		Typed:          openStdin,
		ReadSecret:     readSecret,
		StdinPiped:     isPiped(os.Stdin),
		Getenv:         vars.get,
		Environ:        vars.all,
		LookPath:       exec.LookPath,
		Exec:           execute,
		ConfigDir:      configDir,
		StateDir:       stateDir,
		ReadFile:       readFile,
		Open:           func(name string) (io.ReadCloser, error) { return os.Open(name) },
		Now:            time.Now,
		After:          time.After,
		Location:       func() *time.Location { return time.Local },
		Rand:           rand.Reader,
		CanOpenBrowser: canOpenBrowser,
		OpenBrowser:    openBrowser,
		Opener:         opener,
		Interruptible:  interruptible,
		GiveBack:       func() { stack.GiveBack(initialised()...) },
		PID:            os.Getpid(),
		Build:          build,
		Platform:       runtime.GOOS + "/" + runtime.GOARCH,
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func isNull(f *os.File) bool {
	null, err := os.Stat(os.DevNull)
	if err != nil {
		return false
	}
	info, err := f.Stat()
	return err == nil && os.SameFile(null, info)
}

// isPiped reports whether somebody has put something there to be read: a pipe or a file, unlike a terminal or the null device.
func isPiped(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && (info.Mode().IsRegular() || info.Mode()&os.ModeNamedPipe != 0)
}

// openStdin shows what is typed on standard error where that is a terminal, and else on the terminal that standard input is.
func openStdin() (io.ReadCloser, error) {
	if isTerminal(os.Stderr) {
		return openTyped(os.Stdin, os.Stderr)
	}
	return openTyped(os.Stdin, os.Stdin)
}

// readSecret has a question asked, and reads a line from the terminal; from before the question on nothing that is typed is shown, until the line has
// come or ctx has ended.
func readSecret(ctx context.Context, ask func()) (text string, err error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, term.Restore(fd, before)) }()
	if err := silence(os.Stdin); err != nil {
		return "", err
	}
	ask()
	line := make(chan []byte, 1)
	failed := make(chan error, 1)
	go func() {
		b, err := term.ReadPassword(fd)
		if err != nil {
			failed <- err
			return
		}
		line <- b
	}()
	select {
	case b := <-line:
		if len(b) >= maxTerminalLine {
			return "", fmt.Errorf("it has %d characters or more, and a terminal cuts what is longer: give it by a pipe or a file", maxTerminalLine)
		}
		return string(b), nil
	case err := <-failed:
		return "", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// width asks the terminal behind standard output, or behind standard error when the answer goes elsewhere.
func width() int {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 0
}

// height asks the terminal behind standard error.
func height() int {
	_, h, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0
	}
	return h
}

// maxFile bounds what is read of a file that the user named; tokens and secrets are far smaller.
const maxFile = 4 << 20

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: cli.ErrTooLong}
	}
	return b, err
}

// build prefers what the release build said, and else what Go put into the binary.
func build() cli.Build {
	b := cli.Build{Version: version, Commit: commit, Date: date, Go: runtime.Version()}
	if b.Version != "" {
		return b
	}
	b.Version = "dev"
	if info, ok := debug.ReadBuildInfo(); ok {
		addBuildInfo(&b, info)
	}
	return b
}

// addBuildInfo adds what Go knows: of a checkout the commit, and of a module that it has fetched the version.
func addBuildInfo(b *cli.Build, info *debug.BuildInfo) {
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		}
	}
	if v := info.Main.Version; b.Commit == "" && v != "" && v != "(devel)" {
		b.Version = strings.TrimPrefix(v, "v")
	}
}
