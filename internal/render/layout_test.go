package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
)

func write(t testing.TB, v render.View, o render.Options) string {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = now
	}
	var b bytes.Buffer
	if err := render.Write(t.Context(), &b, v, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLinesFit(t *testing.T) {
	for name, view := range samples(t) {
		for _, columns := range []int{40, 80, 100, 120} {
			for line := range strings.Lines(write(t, view, render.Options{Width: columns})) {
				line = strings.TrimSuffix(line, "\n")
				first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
				copied := slices.Contains([]string{"simsid", "certutil", "security", "ssh", "--issuer"}, first) // a command is never broken
				// nor a place, with nothing but its label before it
				if last := line[strings.LastIndexByte(line, ' ')+1:]; strings.HasPrefix(last, "https://") || strings.HasPrefix(last, "/") || strings.HasPrefix(last, "~/") {
					copied = copied || displaywidth.String(line)-displaywidth.String(last) <= 20
				}
				if w := displaywidth.String(line); w > columns && !copied {
					t.Errorf("%s at %d: %d columns: %q", name, columns, w, line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s at %d: space at the end of %q", name, columns, line)
				}
			}
		}
	}
}

// Colour only repeats the words: without it, the same text is left.
func TestColourChangesNoWord(t *testing.T) {
	for name, view := range samples(t) {
		plain := write(t, view, render.Options{})
		coloured := write(t, view, render.Options{Color: true})
		if strings.Contains(plain, "\x1b") {
			t.Errorf("%s: escapes without colour", name)
		}
		if stripped := own().ReplaceAllString(coloured, ""); stripped != plain {
			t.Errorf("%s: with colour:\n%s\nwithout:\n%s", name, stripped, plain)
		}
	}
}

// Claims are called verified only when everything says that they are.
func TestUnverifiedIsSaidLoudly(t *testing.T) {
	verified := verifiedToken(t)
	noClaims := verifiedToken(t)
	noClaims.Verification.Claims = nil
	reason := verifiedToken(t)
	reason.Unverified = "the keys could not be read."
	none := verifiedToken(t)
	none.Verification = nil
	failed := verifiedToken(t)
	failed.Verification.Claims = nil
	failed.Verification.Checks[2].Outcome = provider.Failed

	for name, tc := range map[string]struct {
		token render.DecodedToken
		lines [2]string
	}{
		"verified":            {verified, [2]string{"Access token: verified", "  3 checks passed, 1 not made (simsid decode --all says why)."}},
		"no claims":           {noClaims, [2]string{"Access token: UNVERIFIED", "  Anybody could have written what follows: not every check was passed."}},
		"a reason":            {reason, [2]string{"Access token: UNVERIFIED", "  Anybody could have written what follows: the keys could not be read."}},
		"no verification":     {none, [2]string{"Access token: UNVERIFIED", "  Anybody could have written what follows: no check was made."}},
		"a check that failed": {failed, [2]string{"Access token: UNVERIFIED", "  Anybody could have written what follows: not every check was passed."}},
	} {
		t.Run(name, func(t *testing.T) {
			view := render.Decoded{Tokens: []render.DecodedToken{tc.token}}
			lines := strings.SplitN(write(t, view, render.Options{}), "\n", 3)
			if got := [2]string{lines[0], lines[1]}; got != tc.lines {
				t.Errorf("got %q, want %q", got, tc.lines)
			}
			var doc struct {
				Tokens []struct {
					Verified   bool
					Claims     json.RawMessage
					Unverified json.RawMessage
				}
			}
			if err := json.Unmarshal([]byte(write(t, view, render.Options{JSON: true})), &doc); err != nil {
				t.Fatal(err)
			}
			got, want := doc.Tokens[0], name == "verified"
			if got.Verified != want || (got.Claims != nil) != want || (got.Unverified == nil) != want {
				t.Errorf("JSON says %+v", got)
			}
		})
	}
}

// No view but Token tells a secret.
func TestOnlyTokenReveals(t *testing.T) {
	secret := token.NewSecret("hunter2hunter2")
	view := render.Token{Kind: "access_token", Value: secret}
	if got := write(t, view, render.Options{}); got != "hunter2hunter2\n" {
		t.Errorf("text %q", got)
	}
	if got := write(t, view, render.Options{JQ: ".token"}); got != "hunter2hunter2\n" {
		t.Errorf("jq %q", got)
	}
	decoded := render.Decoded{Tokens: []render.DecodedToken{verifiedToken(t)}}
	raw := decoded.Tokens[0].JWT.Raw.Reveal()
	for _, o := range []render.Options{{Width: 120}, {JSON: true}} {
		if out := write(t, decoded, o); strings.Contains(out, raw) || strings.Contains(out, strings.Split(raw, ".")[2]) {
			t.Errorf("decode shows the token:\n%s", out)
		}
	}
}

func TestLine(t *testing.T) {
	for name, tc := range map[string]struct {
		options     render.Options
		label, text string
		want        string
	}{
		"plain":    {render.Options{}, "hint", "simsid login -p " + strings.Repeat("x", 100), "hint: simsid login -p " + strings.Repeat("x", 100) + "\n"},
		"error":    {render.Options{Color: true}, "error", "no", "\x1b[1;31merror:\x1b[m no\n"},
		"warning":  {render.Options{Color: true}, "warning", "hm", "\x1b[1;35mwarning:\x1b[m hm\n"},
		"hint":     {render.Options{Color: true}, "hint", "do", "\x1b[1mhint:\x1b[m do\n"},
		"no label": {render.Options{Color: true}, "", "visit", "visit\n"},
		"hostile":  {render.Options{}, "a\x1b", "a\x1b[2J\nb", `a\x1b: a\x1b[2J\nb` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			render.Line(&b, tc.options, tc.label, tc.text)
			if b.String() != tc.want {
				t.Errorf("got %q, want %q", b.String(), tc.want)
			}
		})
	}
}

func TestWriteSaysThatItCannot(t *testing.T) {
	if err := render.Write(t.Context(), brokenWriter{}, render.Done{Text: "x"}, render.Options{}); !errors.Is(err, errBroken) {
		t.Errorf("got %v, want %v", err, errBroken)
	}
}

// FuzzDecoded renders whatever claims a token may hold: nothing harmful comes out, and nothing wider than the page.
func FuzzDecoded(f *testing.F) {
	f.Add(headClaims, 80)
	f.Add(`{"a":[],"b":[[]],"c":{},"d":null,"exp":1e30,"":"","x":"  "}`, 40)
	f.Add(`{"name":"\u001b[31m\u202e\ud83d\udc69\u200d\ud83d\udc67","sub":"1|2|3|4|5"}`, 120)
	f.Fuzz(func(t *testing.T, claims string, columns int) {
		o, err := token.ParseObject([]byte(claims))
		if err != nil {
			return
		}
		view := render.Userinfo{Claims: o, SIMS: true, Memberships: memberships(o.Strings("userorganisationidentifiers")...)}
		out := write(t, view, render.Options{Width: columns})
		page := min(max(columns, 40), 120)
		if columns == 0 {
			page = 80
		}
		for line := range strings.Lines(out) {
			if w := displaywidth.String(strings.TrimSuffix(line, "\n")); w > page {
				t.Errorf("%d columns: %q", w, line)
			}
		}
		for _, r := range out {
			if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e {
				t.Fatalf("%U in %q", r, out)
			}
		}
		if doc := write(t, view, render.Options{JSON: true}); !json.Valid([]byte(doc)) {
			t.Errorf("no JSON: %s", doc)
		}
	})
}

// A claim as long as a token may be is laid out in a time that nobody notices.
func BenchmarkLongClaim(b *testing.B) {
	o, err := token.ParseObject([]byte(`{"x":"` + strings.Repeat("日本 e\u0301|", 1<<16) + `"}`))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		write(b, render.Userinfo{Claims: o}, render.Options{Now: time.Unix(1, 0)})
	}
}
