package provider

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// maxUserName bounds the name of a user in bytes.
const maxUserName = 256

// userName reads who signed in, of a token endpoint that says it beside the token. A name that can't be one counts as not told: somebody is
// to recognise it. Spaces around it are left: another user's name may differ by nothing else.
func userName(o token.Object) string {
	name, _ := o.String("userName")
	if len(name) > maxUserName || strings.TrimSpace(name) == "" || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return name
}

// datesSlack is how far the two ways of telling a token's end may lie apart: an OWIN server writes its dates to the second, and takes one off
// expires_in.
const datesSlack = 5 * time.Second

// compareDates holds .expires against expires_in, which is what counts. Both dates are the server's, so their distance says how long the
// token lives whatever the clocks; without .issued the time of sending stands for it. expiry is by expires_in, or by .expires where that isn't told.
func compareDates(o token.Object, sent time.Time) (expiry time.Time, found []sims.Finding) {
	expires, ok := dateMember(o, ".expires")
	lasts, told := seconds(o, "expires_in")
	if told {
		expiry = sent.Add(max(lasts, 0))
	}
	if _, there := o.Get(".expires"); there && !ok {
		return expiry, []sims.Finding{{
			ID: "expiry-unreadable", Severity: sims.Warning,
			Seen:   ".expires is no date as HTTP writes it, so that expires_in can't be held against it",
			Why:    "who goes by .expires doesn't know when the access token ends",
			Do:     "go by expires_in, as simsid does, and have the site's token endpoint looked at",
			Source: "RFC 9110 5.6.7",
		}}
	}
	if !ok {
		return expiry, nil
	}
	issued, dated := dateMember(o, ".issued")
	slack := datesSlack
	if !dated {
		issued, slack = sent, time.Minute // two clocks
	}
	dates := expires.Sub(issued)
	switch {
	case !told && dates > 0 && dates <= longestLife:
		return sent.Add(dates), nil
	case told && (dates-lasts).Abs() > slack:
		return expiry, []sims.Finding{{
			ID: "expiry-contradicts", Severity: sims.Warning,
			Seen:   fmt.Sprintf("by .expires the access token is good for %s, by expires_in for %s", dates.Round(time.Second), lasts),
			Why:    "one of the two is wrong, and who goes by it sends a token that has ended, or asks for new ones too often",
			Do:     "go by expires_in, as simsid does, and have the site's clock and lifetimes looked at",
			Source: "RFC 6749 5.1",
		}}
	}
	return expiry, nil
}

// longestLife bounds how long a token may be said to live.
const longestLife = 10 * 365 * 24 * time.Hour

// dateMember reads a date as HTTP writes it ("Sat, 21 Nov 2026 18:00:00 GMT", RFC 9110 section 5.6.7).
func dateMember(o token.Object, name string) (time.Time, bool) {
	text, _ := o.String(name)
	t, err := http.ParseTime(text)
	return t, err == nil
}
