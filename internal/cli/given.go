package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/simsid/simsid/internal/token"
)

// givenToken reads the token that a command is given in place of the profile's: from a file, or from standard input where that is named
// or somebody has put something there, since to answer for the profile's token in its place would mislead. It may be wrapped in whatever
// decode takes; of several, the first of the wanted names counts. own says that one of the profile's is asked for by its flag, and then
// nothing is read. A zero Value stands for the profile's.
//
// A token is never an argument: other users of the machine can see those. What is no file isn't repeated, since it may be one.
func (a *app) givenToken(ctx context.Context, command, source string, own bool, wanted ...string) (token.Found, error) {
	var b []byte
	var err error
	switch {
	case source == "-", source == "" && a.env.StdinPiped && !own:
		b, err = a.readText(ctx)
	case source == "":
		return token.Found{}, nil
	default:
		b, err = a.readFile(ctx, source)
		if errors.Is(err, fs.ErrNotExist) || isNameTooLong(err) || errors.Is(err, fs.ErrInvalid) {
			return token.Found{}, &usageError{Problem: "there is no such file, and a token is never an argument: other users can see those", Command: command}
		}
	}
	switch {
	case errors.Is(err, ErrTooLong):
		return token.Found{}, &hintedError{Code: exitNo, Text: "the input is longer than 4 MiB, which no token is"}
	case err != nil:
		return token.Found{}, fmt.Errorf("read the token: %w", err)
	}
	found, err := token.Find(string(b))
	if e, ok := errors.AsType[*token.FormError](err); ok && e.Problem == "is empty" {
		return token.Found{}, noTokenIn(source, command)
	}
	if err != nil {
		return token.Found{}, &hintedError{Code: exitNo, Err: err, Hints: garbled(err)}
	}
	f := chosen(found, wanted)
	if f.Value.Len() > token.MaxJWT {
		return token.Found{}, &hintedError{Code: exitNo, Text: fmt.Sprintf("the text is longer than %d bytes, which no token is", token.MaxJWT)}
	}
	return f, nil
}

// noTokenIn says that a source is empty. A pipe that nobody named is no other: what should have written to it has failed, and the profile's
// token would be taken for the one that is missing.
func noTokenIn(source, command string) error {
	u := &usageError{Problem: "there is no token on standard input", Command: command}
	switch source {
	case "":
		u.Hint = "standard input is an empty pipe or file; for the profile's own token put < /dev/null behind the command"
		switch command {
		case "simsid decode", "simsid introspect":
			u.Hint += ", or add --access"
		case "simsid revoke":
			u.Hint += ", or add --refresh"
		}
	case "-":
	default:
		u.Problem = fmt.Sprintf("there is no token in %q", source)
	}
	return u
}

// chosen is the first of the wanted names, or whatever there is.
func chosen(found []token.Found, wanted []string) token.Found {
	for _, name := range wanted {
		for _, f := range found {
			if f.Name == name {
				return f
			}
		}
	}
	return found[0]
}
