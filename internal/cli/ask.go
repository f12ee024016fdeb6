package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// canAsk reports whether somebody can be asked: both ends are terminals and it wasn't forbidden.
func (a *app) canAsk() bool { return a.env.StdinTTY && a.env.StderrTTY && !a.global.noInput }

// maxLine bounds an answer typed at a prompt.
const maxLine = 4096

// ask asks for a line; an empty answer gives def.
func (a *app) ask(in *bufio.Reader, question, def string) (string, error) {
	if def != "" {
		question += " [" + def + "]"
	}
	fmt.Fprint(a.env.Stderr, question+": ")
	line, err := in.ReadString('\n')
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
func (a *app) askSecret(question string) (token.Secret, error) {
	fmt.Fprint(a.env.Stderr, question+": ")
	v, err := a.env.ReadSecret()
	fmt.Fprintln(a.env.Stderr)
	if err != nil {
		return token.Secret{}, fmt.Errorf("read the answer: %w", err)
	}
	return token.NewSecret(strings.TrimSpace(v)), nil
}

// askPassphrase asks for the sealed file's passphrase, twice when it is a new one.
func (a *app) askPassphrase(creating bool) (tokenstore.SealKey, error) {
	question := "Passphrase of the sealed file"
	if creating {
		question = "A passphrase for the sealed file"
	}
	v, err := a.askSecret(question)
	if err != nil || v.IsZero() || !creating {
		return tokenstore.SealKey{Passphrase: v}, err
	}
	again, err := a.askSecret("The same again")
	if err != nil {
		return tokenstore.SealKey{}, err
	}
	if !again.Equal(v) {
		return tokenstore.SealKey{}, &usageError{Problem: "the two passphrases differ"}
	}
	return tokenstore.SealKey{Passphrase: v}, nil
}

// maxInput bounds what is read from standard input: no token is longer.
const maxInput = 4 << 20

func readBounded(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(b) > maxInput {
		return nil, &usageError{Problem: "the input is longer than 4 MiB: that is no token"}
	}
	return b, err
}
