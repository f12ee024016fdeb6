package render_test

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/render"
)

// ground is what a terminal makes of the theme's parameters: colours as 0xrrggbb. These are the ones of the pictures in README.
type ground struct {
	back, text, faint, red, magenta int
}

func grounds() map[string]ground {
	return map[string]ground{
		"dark":  {0x16181d, 0xe6e7eb, 0x9a9fab, 0xff8a80, 0xe39be3},
		"light": {0xfbfbfd, 0x1d2026, 0x686d78, 0xb3261e, 0x8e2a8e},
	}
}

// of returns the colour and the weight that parameters stand for; ok is false for what the theme hasn't.
func (g ground) of(parameters string) (colour int, weight string, ok bool) {
	colour = g.text
	for p := range strings.SplitSeq(parameters, ";") {
		switch p {
		case "":
		case "1":
			weight += " bold"
		case "4":
			weight += " underline"
		case "2":
			colour = g.faint
		case "31":
			colour = g.red
		case "35":
			colour = g.magenta
		default:
			return 0, "", false
		}
	}
	return colour, weight, true
}

// draw writes a screen as it is seen: what isn't plain text stands in braces behind its colour and weight.
func (g ground) draw(t *testing.T, screen string) string {
	t.Helper()
	var b strings.Builder
	parameters := ""
	for screen != "" {
		before, rest, found := strings.Cut(screen, "\x1b[")
		colour, weight, ok := g.of(parameters)
		if !ok {
			t.Fatalf("the theme has no %q", parameters)
		}
		if c := contrast(colour, g.back); strings.TrimSpace(before) != "" && c < 4.5 {
			t.Errorf("%q has a contrast of %.1f", before, c)
		}
		if before != "" && parameters != "" {
			fmt.Fprintf(&b, "{#%06x%s|%s}", colour, weight, before)
		} else {
			b.WriteString(before)
		}
		if !found {
			break
		}
		parameters, screen, _ = strings.Cut(rest, "m")
	}
	return b.String()
}

// contrast is that of two colours by WCAG 2.2.
func contrast(a, b int) float64 {
	light := func(colour int) float64 {
		sum := 0.0
		for i, share := range []float64{0.0722, 0.7152, 0.2126} {
			c := float64(colour>>(8*i)&0xff) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += c * share
		}
		return sum + 0.05
	}
	x, y := light(a), light(b)
	return max(x, y) / min(x, y)
}

// TestGrounds: what is sent to a dark terminal and to a light one is the same, and can be read on both. How it is seen is kept of the screens
// about tokens: go test ./internal/render -run Grounds -update.
func TestGrounds(t *testing.T) {
	for name, view := range samples(t) {
		for colours, g := range grounds() {
			for _, width := range []int{80, 120} {
				var b bytes.Buffer
				if err := render.Write(t.Context(), &b, view, render.Options{Width: width, Color: true, Now: now}); err != nil {
					t.Fatal(err)
				}
				seen := g.draw(t, b.String())
				if aboutTokens(name) {
					compareGolden(t, filepath.Join("testdata", name, strconv.Itoa(width)+"."+colours), []byte(seen))
				}
			}
		}
	}
}

func aboutTokens(sample string) bool {
	for _, command := range []string{"decode", "diff", "orgs", "scan", "introspect", "userinfo", "revoke"} {
		if strings.HasPrefix(sample, command) {
			return true
		}
	}
	return false
}
