package emulator

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Exchange is one request and what became of it, for a log that teaches. Nothing in it is secret: handlers put no
// credential, code, token or password into words.
type Exchange struct {
	At     time.Time
	Took   time.Duration
	Method string
	Path   string   // as it was sent
	Status int      // 0: the connection was dropped
	Client string   // id of the client that the request names; "" if none
	Name   string   // and its name, where there is such a client
	Faults []string // the faults on demand that it met
	Notes  []Note
}

// Note is one thing that a handler has to say of a request.
type Note struct {
	Rule  string // the rule that the request broke: "redirect-uri"; "" where the note only tells what was done
	Words string // may hold foreign text, bounded but not escaped
}

type exchangeKey struct{}

// observed makes a request whose handlers' notes are kept in x.
func observed(r *http.Request, x *Exchange) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
}

// observe notes, for the log, what a request was told or why it was refused. rule names the rule that it broke; "" says that
// none was. Foreign text in words goes through quoted; secrets don't go in at all.
func observe(r *http.Request, rule, words string, args ...any) {
	x, ok := r.Context().Value(exchangeKey{}).(*Exchange)
	if !ok || words == "" {
		return
	}
	if len(args) > 0 {
		words = fmt.Sprintf(words, args...)
	}
	x.Notes = append(x.Notes, Note{rule, words})
}

// maxQuoted is how much of a foreign value is repeated in words, in bytes.
const maxQuoted = 200

// quoted repeats a foreign value in words, cut to a length that fits into a line. Escaping it is left to whoever shows it.
func quoted(value string) string {
	if len(value) > maxQuoted {
		value = strings.ToValidUTF8(value[:maxQuoted], "") + "…"
	}
	return "“" + value + "”"
}
