package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/word"
)

// fileCache is what a command read of the files that the user named, and how long it waits for one. A pipe, as shells give one for <(…), can
// be read once only, and doctor asks for the same file in several of its checks.
type fileCache struct {
	patience time.Duration
	read     map[string]fileRead
}

type fileRead struct {
	text []byte
	err  error
}

// silentFileError says that a file gave nothing in the time that there was for it: a pipe that nobody writes to, a device.
type silentFileError struct {
	Name string
	For  time.Duration // 0: not known
}

func (e *silentFileError) Error() string {
	within := "in time"
	if e.For > 0 {
		within = "in " + render.Duration(e.For)
	}
	return fmt.Sprintf("%s: nothing came from it %s, as from a pipe that nobody writes to", e.Name, within)
}

// readFile reads a file that the user named, up to a bound. It may be a pipe, and is waited for until ctx ends.
func (a *app) readFile(ctx context.Context, name string) ([]byte, error) {
	if a.files == nil {
		return a.readPatiently(ctx, name)
	}
	if r, ok := a.files.read[name]; ok {
		return slices.Clone(r.text), r.err
	}
	within, cancel := context.WithTimeout(ctx, a.files.patience)
	defer cancel()
	text, err := a.readOnce(within, name, a.files.patience)
	if ctx.Err() == nil { // else it would be the caller's time that ran out
		a.files.read[name] = fileRead{slices.Clone(text), err}
	}
	return text, err
}

// readPatiently reads a file, and says after a while what is being waited for: whoever has named a pipe by mistake would see nothing happen.
func (a *app) readPatiently(ctx context.Context, name string) ([]byte, error) {
	return a.patiently(render.Safe(word.File(name)), func() ([]byte, error) { return a.readOnce(ctx, name, 0) })
}

// patiently reads, and says after a while what has given nothing yet. What it reads with ends when its context does.
func (a *app) patiently(name string, read func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		text []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := read()
		done <- answer{text, err}
	}()
	select {
	case got := <-done:
		return got.text, got.err
	case <-a.env.After(filePatience):
		a.say("waiting for %s, which has given nothing yet (Ctrl-C ends it)", name)
	}
	got := <-done
	return got.text, got.err
}

func (a *app) readOnce(ctx context.Context, name string, patience time.Duration) ([]byte, error) {
	b, err := untilDone(ctx, func() ([]byte, error) { return a.env.ReadFile(name) })
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, &silentFileError{word.File(name), patience}
	}
	return b, err
}

// untilDone does a read that can't be interrupted, and stops waiting for it when ctx ends.
func untilDone[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := read()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// fileHints are the ways out where the file of a key can't be read.
func (s *session) fileHints(key, path string, err error) []string {
	name := "name the one that is meant: " + s.set(key, "FILE")
	switch {
	case word.File(path) != path: // it may be what should be in a file
	case errors.Is(err, fs.ErrPermission):
		return []string{"see whose it is, and who may read it: ls -l " + shellWord(path), name}
	case is[*silentFileError](err):
		return []string{"see what it is: ls -l " + shellWord(path), name}
	}
	return []string{name}
}
