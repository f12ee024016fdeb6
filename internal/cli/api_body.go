package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/word"
)

// apiBody reads the body from where each --data says, joined as curl does.
func (a *app) apiBody(ctx context.Context, data []string) ([]byte, error) {
	var body []byte
	stdin := false
	for i, one := range data {
		if one == "@-" && stdin {
			return nil, &usageError{Problem: "--data @- is given twice, and standard input can be read once", Command: "simsid api"}
		}
		stdin = stdin || one == "@-"
		part, err := a.apiPart(ctx, one)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			body = append(body, '&')
		}
		if body = append(body, part...); len(body) > maxAPIBody {
			return nil, &usageError{Problem: fmt.Sprintf("the body is longer than %d MiB", maxAPIBody>>20), Command: "simsid api"}
		}
	}
	if body == nil {
		body = []byte{} // empty, and a body all the same
	}
	return body, nil
}

// apiPart reads what one --data names.
func (a *app) apiPart(ctx context.Context, data string) ([]byte, error) {
	from, isFile := strings.CutPrefix(data, "@")
	name, content := "standard input", func() ([]byte, error) { return io.ReadAll(io.LimitReader(a.env.Stdin, maxAPIBody+1)) }
	switch {
	case !isFile:
		return []byte(data), nil
	case from == "":
		return nil, &usageError{Problem: "--data @ names no file: @FILE, or @- for standard input", Command: "simsid api"}
	case from != "-":
		name, content = render.Safe(word.File(from)), func() ([]byte, error) {
			f, err := a.env.Open(from)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return io.ReadAll(io.LimitReader(f, maxAPIBody+1))
		}
	}
	read := func() ([]byte, error) { return untilDone(ctx, content) }
	var b []byte
	var err error
	if from == "-" && !a.env.StdinTTY { // what writes a pipe may take its time
		b, err = read()
	} else {
		b, err = a.patiently(name, read)
	}
	if err != nil && from != "-" {
		return nil, &hintedError{Code: exitUsage, Err: fmt.Errorf("read the body: %w", err)}
	}
	return b, err
}
