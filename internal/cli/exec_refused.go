package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strings"

	"github.com/simsid/simsid/internal/word"
)

// What shells end with where a command can't be started, and POSIX has env end with.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// maxShebang is how much of a script's first line counts: as much as Linux reads of it.
const maxShebang = 256

// commandError says why a command wasn't started.
func commandError(name string, err error) error {
	e := &hintedError{Code: exitNotExecutable, Text: fmt.Sprintf("%s can't be run: %s", name, reason(err))}
	switch {
	case errors.Is(err, exec.ErrDot):
		e.Text = fmt.Sprintf("%s lies in this folder, which isn't searched for programs", name)
		e.Hints = []string{"if you mean it: ./" + name}
	case name == "":
		e.Code, e.Text = exitNotFound, "there is no command: its name is empty, as that of a variable that isn't set"
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		// It may be a secret that slipped in before the command.
		shown := word.Name(name)
		if shown == word.Hidden {
			shown = word.File(name)
		}
		e.Code, e.Text = exitNotFound, "there is no command "+shown
	default:
		if sought, ok := errors.AsType[*exec.Error](err); ok {
			e.Text = fmt.Sprintf("%s can't be run: %s", name, reason(sought.Err))
		}
	}
	return e
}

// interpreterError says what isn't there of a command that is: the system says the same of a missing command and of one whose interpreter is missing.
func (a *app) interpreterError(name, path string) error {
	missing := commandError(name, fs.ErrNotExist)
	f, err := a.env.Open(path)
	if err != nil {
		return missing
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, maxShebang))
	if err != nil {
		return missing
	}
	e := &hintedError{Code: exitNotFound, Err: fs.ErrNotExist}
	line, _, _ := strings.Cut(string(head), "\n")
	line, script := strings.CutPrefix(line, "#!")
	interpreter, _, _ := strings.Cut(strings.TrimLeft(line, " \t"), " ")
	interpreter, crlf := strings.CutSuffix(interpreter, "\r")
	switch {
	case !script:
		e.Text = name + " is there, but not the program that loads it: it may be for another system"
	case crlf:
		e.Text = fmt.Sprintf("%s has CRLF line ends, and so its interpreter isn't found: its name would be %q", name, interpreter+"\r")
		e.Hints = []string{"give it line ends of LF alone: dos2unix " + shellWord(path)}
	default:
		e.Text = name + " is there, but not its interpreter: " + interpreter
		e.Hints = []string{"its first line names it"}
	}
	return e
}
