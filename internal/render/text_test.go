package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/color"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"Zoë 山田 👩‍👧":              "Zoë 山田 👩‍👧",
		"\x1b]0;x\x07":            `\x1b]0;x\x07`,
		"a\nb\rc\td":              `a\nb\rc\td`,
		"\u009b31m":               `\u009b31m`,
		"\x9b31m\xff":             `\x9b31m\xff`,
		"\u202eabc\u2066\u200f":   `\u202eabc\u2066\u200f`,
		"a\u2028b\u2029c":         `a\u2028b\u2029c`,
		"a\u200bb\ufeffc\u00add":  `a\u200bb\ufeffc\u00add`,
		"\U000e0041":              `\U000e0041`,
		"\u0600 is a number sign": "\u0600 is a number sign",
		"می\u200cخواهم":           "می\u200cخواهم",
		`C:\Users\n`:              `C:\Users\n`,
		"\x7f\x00":                `\x7f\x00`,
		"\ufffd is shown":         "\ufffd is shown",
	} {
		if got := Safe(in); got != want {
			t.Errorf("Safe(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[31m", "\u202e\u009b\xff\x9b\n", `\x1b`, "👩‍👧\u200c\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Safe(s)
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
				t.Errorf("Safe(%q) = %q has %U", s, got, r)
			}
		}
		if !utf8.ValidString(got) || strings.ContainsRune(got, '\x1b') {
			t.Errorf("Safe(%q) = %q", s, got)
		}
		if again := Safe(got); again != got {
			t.Errorf("Safe(%q) = %q, and Safe of that %q", s, got, again)
		}
	})
}

func FuzzSafeJSON(f *testing.F) {
	f.Add([]byte(`{"a":"\u009b\u202e"}`))
	f.Add([]byte("{\"\u202e\":\"\u009b\U000e0041\x7f\u2028\"}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var b bytes.Buffer
		if !utf8.Valid(in) || json.Compact(&b, in) != nil {
			return
		}
		out := safeJSON(b.Bytes())
		for _, r := range string(out) {
			if !shown(r) {
				t.Errorf("%U in %q", r, out)
			}
		}
		var before, after any
		if json.Unmarshal(in, &before) != nil {
			return // a number that doesn't fit
		}
		if err := json.Unmarshal(out, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%q became %q: %v", in, out, err)
		}
	})
}

func TestSafeJSONMendsBytesThatAreNotUTF8(t *testing.T) {
	if got, want := string(safeJSON([]byte("\"\x9b\""))), `"\ufffd"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWrap(t *testing.T) {
	for name, tc := range map[string]struct {
		in      string
		columns int
		want    []string
	}{
		"fits":              {"one two", 7, []string{"one two"}},
		"at a space":        {"one two three", 8, []string{"one two", "three"}},
		"a space just past": {"one two", 3, []string{"one", "two"}},
		"several spaces":    {"one   two", 5, []string{"one", "two"}},
		"a long word":       {"abcdefgh", 3, []string{"abc", "def", "gh"}},
		"at a separator":    {"abcd|efgh|ij", 7, []string{"abcd|", "efgh|ij"}},
		"early separator":   {"a|bcdefgh", 7, []string{"a|bcdef", "gh"}},
		"space before word": {"see https://a.example/x", 12, []string{"see https://", "a.example/x"}},
		"wide":              {"山田花子", 5, []string{"山田", "花子"}},
		"too narrow":        {"山田", 1, []string{"山", "田"}},
		"combining":         {"e\u0301e\u0301e\u0301", 2, []string{"e\u0301e\u0301", "e\u0301"}},
		"empty":             {"", 5, []string{""}},
		"no room":           {"ab", -3, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wrap(tc.in, tc.columns); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A path that is to be read stays whole, on a line of its own where it has to.
func TestWrapPaths(t *testing.T) {
	const long = "/home/somebody/.local/state/simsid/store/dev.record.json:"
	for name, tc := range map[string]struct {
		in      string
		columns int
		want    []string
	}{
		"fits":         {"at /a/b c", 20, []string{"at /a/b c"}},
		"alone":        {long + " its mode 0644 lets others in", 30, []string{long, "its mode 0644 lets others in"}},
		"between":      {"the file " + long + " lets others in", 20, []string{"the file", long, "lets others in"}},
		"to next line": {"is in ~/.config/simsid/config.toml now, and", 30, []string{"is in", "~/.config/simsid/config.toml", "now, and"}},
		"twice":        {"move /aaaa/bbbb to /cccc/dddd/eeee", 16, []string{"move /aaaa/bbbb", "to", "/cccc/dddd/eeee"}},
		"of Windows":   {`in C:\Users\somebody\AppData\config.toml`, 12, []string{"in", `C:\Users\somebody\AppData\config.toml`}},
		"an address":   {"see https://a.example/x now", 12, []string{"see", "https://a.example/x", "now"}},
		"plain http":   {"http://127.0.0.1/aaaa?b=c&d=e", 12, []string{"http://127.0.0.1/aaaa?b=c&d=e"}},
		"no path":      {"see a.example/b/c/d/e", 12, []string{"see", "a.example/b/", "c/d/e"}},
		"a slash":      {"a / b and then / d", 9, []string{"a / b and", "then / d"}},
		"empty":        {"", 5, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wrapPaths(tc.in, tc.columns); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A path of a check that has no room in its column begins further to the left, and stays whole.
func TestExaminationKeepsPathsWhole(t *testing.T) {
	const path = "/home/somebody/with/a/long/name/.local/state/simsid/dev.record.json:"
	p := newPrinter(Options{Width: 80})
	Examination{Name: "store", Outcome: ExamFailed, Says: path + " its mode 0644 lets others in"}.text(p, 11, 26)
	want := "  FAILED   store\n            " + path + "\n                          its mode 0644 lets others in\n"
	if got := p.buf.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A field that says where something is keeps it whole; one of foreign text doesn't.
func TestPlaceStaysWhole(t *testing.T) {
	const (
		address = "https://sts.example/a/very/long/path/of/many/parts/that/nobody/types"
		path    = "/home/somebody/with/a/long/name/.local/state/simsid/store/dev.age"
	)
	p := newPrinter(Options{Width: 60})
	p.fields(2, []field{place("Provider", address), place("Kept in", "sealed file "+path)})
	want := "  Provider   " + address + "\n  Kept in    sealed file\n             " + path + "\n"
	if got := p.buf.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	p = newPrinter(Options{Width: 60})
	p.fields(2, []field{one("sub", address)})
	if got := p.buf.String(); strings.Contains(got, address) {
		t.Errorf("got\n%s", got)
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two|three 山田花子 e\u0301", 4)
	f.Fuzz(func(t *testing.T, s string, columns int) {
		s = Safe(s)
		lines := wrap(s, columns)
		for _, l := range lines {
			if n := fitting(l, max(columns, 1)); n < len(l) {
				t.Errorf("wrap(%q, %d): %q is too wide", s, columns, l)
			}
		}
		spaceless := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got := spaceless(strings.Join(lines, "")); got != spaceless(s) {
			t.Errorf("wrap(%q, %d) = %q", s, columns, lines)
		}
	})
}

func TestDuration(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0:                               "0 seconds",
		999 * time.Millisecond:          "0 seconds",
		time.Second:                     "1 second",
		59 * time.Second:                "59 seconds",
		time.Minute:                     "1 minute",
		59*time.Minute + 59*time.Second: "59 minutes",
		time.Hour:                       "1 hour",
		80 * time.Minute:                "1 hour 20 minutes",
		23*time.Hour + 59*time.Minute:   "23 hours 59 minutes",
		day:                             "1 day",
		2*day + 3*time.Hour:             "2 days 3 hours",
		7*day + 3*time.Hour:             "7 days",
		30 * day:                        "30 days",
		1000 * day:                      "2 years",
		-80 * time.Minute:               "1 hour 20 minutes",
		math.MinInt64:                   "292 years",
	} {
		if got := Duration(in); got != want {
			t.Errorf("Duration(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	now := time.Date(2026, 11, 21, 20, 35, 42, 0, time.UTC)
	cet := time.FixedZone("CET", 3600)
	for name, tc := range map[string]struct {
		t, now time.Time
		loc    *time.Location
		want   string
	}{
		"nearly":   {now.Add(59*time.Minute + 50*time.Second), now, nil, "21 Nov 2026 21:35:32 UTC (in 1 hour)"},
		"future":   {now.Add(59*time.Minute + 30*time.Second), now, nil, "21 Nov 2026 21:35:12 UTC (in 59 minutes)"},
		"past":     {now.Add(-3 * time.Hour), now, nil, "21 Nov 2026 17:35:42 UTC (3 hours ago)"},
		"now":      {now.Add(-900 * time.Millisecond), now, nil, "21 Nov 2026 20:35:41 UTC (just now)"},
		"zone":     {now, now, cet, "21 Nov 2026 21:35:42 CET (just now)"},
		"no clock": {now, time.Time{}, nil, "21 Nov 2026 20:35:42 UTC"},
		"unknown":  {time.Time{}, now, nil, "unknown"},
		"far":      {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), now, nil, "1 Jan 9999 00:00:00 UTC (in 292 years)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Moment(tc.t, tc.now, tc.loc); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// The theme's colours can be read on black and on white, in the values that xterm gives to the sixteen: a contrast of 3 to
// 1 at least, as WCAG 2.1 asks of bold text.
func TestThemeCanBeReadOnBlackAndWhite(t *testing.T) {
	xterm := map[Style]color.RGBA{
		"31": {R: 205},
		"32": {G: 205},
		"33": {R: 205, G: 205},
		"34": {B: 238},
		"35": {R: 205, B: 205},
		"36": {G: 205, B: 205},
	}
	weights := []string{"", "1", "2", "4"}
	theme := reflect.ValueOf(*newTheme())
	for field, value := range theme.Fields() {
		for parameter := range strings.SplitSeq(value.String(), ";") {
			if slices.Contains(weights, parameter) {
				continue
			}
			rgb, known := xterm[Style(parameter)]
			l := luminance(rgb)
			if !known || (l+.05)/.05 < 3 || 1.05/(l+.05) < 3 {
				t.Errorf("%s: the parameter %s is no colour that can be read everywhere", field.Name, parameter)
			}
		}
	}
}

func luminance(c color.RGBA) float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.03928 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// A document that can't be encoded is an error, and nothing of it is written.
func TestEncodeFails(t *testing.T) {
	if out, err := encode(func() {}, ""); out != nil || err == nil {
		t.Errorf("got %q, %v", out, err)
	}
	if _, err := evaluate(t.Context(), ".", math.NaN()); err == nil || errors.As(err, new(*JQError)) {
		t.Errorf("got %v", err)
	}
}
