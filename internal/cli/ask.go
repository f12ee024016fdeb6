package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// canAsk reports whether somebody can be asked: both ends are terminals, this is no CI job, and it wasn't forbidden.
func (a *app) canAsk() bool { return a.env.StdinTTY && a.env.StderrTTY && !a.alone() }

// mayOpenBrowser reports whether there is a browser to open and somebody to look at it: at a terminal, or wherever BROWSER says what to
// open it with.
func (a *app) mayOpenBrowser() bool {
	someone := a.env.StdinTTY || a.env.StdoutTTY || a.env.StderrTTY || a.env.Getenv("BROWSER") != ""
	return someone && !a.alone() && a.env.CanOpenBrowser()
}

// maxLine bounds an answer typed at a prompt.
const maxLine = 4096

// ask asks for a line; an empty answer gives def.
func (a *app) ask(ctx context.Context, in *bufio.Reader, question, def string) (string, error) {
	if def != "" {
		question += " [" + def + "]"
	}
	fmt.Fprint(a.env.Stderr, question+": ")
	line, err := untilDone(ctx, func() (string, error) { return in.ReadString('\n') })
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	line = strings.TrimSpace(line)
	if len(line) > maxLine {
		return "", &usageError{Problem: "that answer is too long"}
	}
	if line == "" {
		return def, nil
	}
	return line, nil
}

// askSecret asks for a line that isn't shown.
func (a *app) askSecret(ctx context.Context, question string) (token.Secret, error) {
	v, err := a.env.ReadSecret(ctx, func() { fmt.Fprint(a.env.Stderr, question+": ") })
	fmt.Fprintln(a.env.Stderr)
	if err != nil {
		return token.Secret{}, fmt.Errorf("read the answer: %w", err)
	}
	return token.NewSecret(strings.TrimSpace(v)), nil
}

// askPassphrase asks for the sealed file's passphrase, twice when it is a new one.
func (a *app) askPassphrase(ctx context.Context, creating bool) (tokenstore.SealKey, error) {
	question := "Passphrase of the sealed file"
	if creating {
		question = "A passphrase for the sealed file"
		a.line("note", "logins and secrets are sealed to a file with this passphrase, and later commands ask for it; simsid store keygen FILE makes a key file that saves that")
	}
	v, err := a.askSecret(ctx, question)
	if err != nil || v.IsZero() || !creating {
		return tokenstore.SealKey{Passphrase: v}, err
	}
	again, err := a.askSecret(ctx, "The same again")
	if err != nil {
		return tokenstore.SealKey{}, err
	}
	if !again.Equal(v) {
		return tokenstore.SealKey{}, &usageError{Problem: "the two passphrases differ"}
	}
	return tokenstore.SealKey{Passphrase: v}, nil
}

// passphraseTries is how often a passphrase may be mistyped.
const passphraseTries = 3

// passphraseAgain asks once more for a passphrase that was typed wrong. One from the environment or a file would be wrong again.
func (a *app) passphraseAgain() func(context.Context) (token.Secret, error) {
	tries := 1
	return func(ctx context.Context) (token.Secret, error) {
		given := a.env.Getenv("SIMSID_STORE_PASSPHRASE") != "" || a.env.Getenv("SIMSID_STORE_PASSPHRASE_FILE") != ""
		if tries++; tries > passphraseTries || given || !a.canAsk() {
			return token.Secret{}, nil
		}
		return a.askSecret(a.env.Interruptible(ctx), "That passphrase is wrong. Passphrase of the sealed file")
	}
}

// maxInput bounds what is read from standard input: no token is longer.
const maxInput = 4 << 20

func readBounded(ctx context.Context, r io.Reader) ([]byte, error) {
	b, err := untilDone(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(r, maxInput+1)) })
	if err == nil && len(b) > maxInput {
		return nil, &usageError{Problem: "the input is longer than 4 MiB: that is no token"}
	}
	return b, err
}

// namedAsRepeated makes reading say which file it was as far as that may be repeated: in the place of a secret's file the secret itself
// may have been given.
func namedAsRepeated[T any](read func(string) (T, error)) func(string) (T, error) {
	return func(name string) (T, error) {
		v, err := read(name)
		if e, ok := err.(*fs.PathError); ok && e.Path == name { //nolint:errorlint // whoever wrapped it has named it otherwise
			err = &fs.PathError{Op: e.Op, Path: word.File(name), Err: e.Err}
		}
		return v, err
	}
}
