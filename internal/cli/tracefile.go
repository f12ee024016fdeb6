package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/simsid/simsid/internal/provider"
)

// startTrace makes the trace that the flags ask for. The file is looked at before anything happens: what has been exchanged by the time
// it turns out that it can't be written, can't be exchanged again.
func (a *app) startTrace() error {
	o := provider.TraceOptions{Keep: a.global.traceFile != "", Now: a.env.Now}
	if a.global.trace {
		o.Words = a.env.Stderr
	}
	if o.Keep {
		if err := checkTraceFile(a.global.traceFile); err != nil {
			return err
		}
	}
	a.trace = provider.NewTrace(o)
	return nil
}

// traced ends the trace, and gives what became of the command, or of the trace where nothing else is amiss.
func (a *app) traced(err error) error {
	traceErr := a.endTrace()
	if err != nil && traceErr != nil {
		a.line("warning", "%v", traceErr)
		return err
	}
	return cmp.Or(err, traceErr)
}

// endTrace writes the file, whatever became of the command.
func (a *app) endTrace() error {
	if a.global.traceFile == "" {
		return nil
	}
	har, err := a.trace.HAR(a.env.Build().Version)
	if err == nil {
		err = writeTraceFile(a.global.traceFile, har)
	}
	if err != nil {
		return fmt.Errorf("write the trace: %w", err)
	}
	a.note("the trace is in %s", a.global.traceFile)
	return nil
}

// checkTraceFile refuses a name that can't be written, and a file that is anything but an earlier trace.
func checkTraceFile(name string) error {
	refuse := func(problem string, hints ...string) error {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("--trace-file %s: %s", name, problem), Hints: hints}
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return refuse(reason(err))
	case !info.Mode().IsRegular():
		return refuse("that is no file")
	case !isTrace(name):
		return refuse("there is a file already that is no trace of simsid, and it is left as it is", "choose another name")
	}
	f, err := os.CreateTemp(filepath.Dir(name), traceTemporary)
	if err != nil {
		return refuse("it can't be written: " + reason(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

const traceTemporary = ".simsid-trace-*.tmp"

// isTrace reports whether a file begins as a trace of simsid does.
func isTrace(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(head[:n]))
	for _, want := range []json.Token{
		json.Delim('{'), "log", json.Delim('{'), "version", "1.2", "creator", json.Delim('{'), "name", provider.HARCreator,
	} {
		if got, err := dec.Token(); err != nil || got != want {
			return false
		}
	}
	return true
}

// writeTraceFile puts the file there whole, for its owner alone. A symbolic link is followed: its target is replaced.
func writeTraceFile(name string, data []byte) (err error) {
	if to, err := filepath.EvalSymlinks(name); err == nil {
		name = to
	}
	f, err := os.CreateTemp(filepath.Dir(name), traceTemporary) // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// reason is what a system call said, without the name of the file in front.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
