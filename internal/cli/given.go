package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/simsid/simsid/internal/token"
)

// givenToken reads the token that a command is given in place of the profile's: from a file, or from standard input where that is named
// or somebody has put something there, since to answer for the profile's token in its place would mislead. own says that one of the
// profile's is asked for by name, and then nothing is read. The zero Secret stands for the profile's.
//
// A token is never an argument: other users of the machine can see those. What is no file isn't repeated, since it may be one.
func (a *app) givenToken(ctx context.Context, command, source string, own bool) (token.Secret, error) {
	if source != "" && own {
		return token.Secret{}, &usageError{Problem: "a token is given, and one of the profile's is asked for by its flag: only one can be meant", Command: command}
	}
	var b []byte
	var err error
	switch {
	case source == "-", source == "" && a.env.StdinPiped && !own:
		b, err = readBounded(ctx, a.env.Stdin)
	case source == "":
		return token.Secret{}, nil
	default:
		b, err = a.readFile(ctx, source)
		if errors.Is(err, fs.ErrNotExist) || isNameTooLong(err) {
			return token.Secret{}, &usageError{Problem: "there is no such file, and a token is never an argument: other users can see those", Command: command}
		}
	}
	if err != nil {
		return token.Secret{}, fmt.Errorf("read the token: %w", err)
	}
	text := bareToken(string(b))
	switch {
	case text == "" && source == "-":
		return token.Secret{}, &usageError{Problem: "there is no token on standard input", Command: command}
	case text == "" && source != "":
		return token.Secret{}, &usageError{Problem: fmt.Sprintf("there is no token in %q", source), Command: command}
	case len(text) > token.MaxJWT:
		return token.Secret{}, &hintedError{Code: exitNo, Text: fmt.Sprintf("the text is longer than %d bytes, which no token is", token.MaxJWT)}
	}
	return token.NewSecret(text), nil
}
