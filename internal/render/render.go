// Package render turns answers into text for people and versioned JSON for programs. Styles are fields of one Theme;
// meaning is in the words and colour only repeats it; foreign text is shown with its control characters escaped.
package render

import (
	"context"
	"io"
	"time"
)

// Options say how to render.
type Options struct {
	JSON     bool
	Line     bool   // JSON in one line, for a program that waits for it
	JQ       string // a jq expression over the JSON document; implies JSON
	Claim    string // one claim of the answer, alone: bare, or with JSON as it stands in the token
	Exact    bool   // a program reads it: a claim's text comes as it is, control characters included
	Color    bool
	Width    int // columns; 0: 80
	Now      time.Time
	Location *time.Location // for absolute times; nil: UTC
}

// View is an answer that can be rendered: one of the types of this package.
type View interface {
	// text writes the view for people.
	text(p *printer)
	// document returns the value whose JSON form is the view's; its schema name and version are members of it.
	document() any
}

// Write renders v to w: nothing at all, or the whole. ctx bounds a jq expression. The errors are those of w, a *JQError, and of a
// claim *ClaimError and *RefutedError.
func Write(ctx context.Context, w io.Writer, v View, o Options) error {
	out, err := rendered(ctx, v, o)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

func rendered(ctx context.Context, v View, o Options) ([]byte, error) {
	switch {
	case o.Claim != "":
		return claimValue(v, o)
	case o.JQ != "":
		return evaluate(ctx, o.JQ, v.document())
	case o.JSON:
		indent := "  "
		if o.Line {
			indent = ""
		}
		return encode(v.document(), indent)
	default:
		p := newPrinter(o)
		v.text(p)
		return p.buf.Bytes(), nil
	}
}
