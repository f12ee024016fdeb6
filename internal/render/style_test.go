package render

import "testing"

func TestStyle(t *testing.T) {
	for _, tc := range []struct {
		style      Style
		text, want string
	}{
		{"", "plain", "plain"},
		{bold, "", ""},
		{bold, "two words", "\x1b[1mtwo words\x1b[m"},
		{bold.with(red), "wrong", "\x1b[1;31mwrong\x1b[m"},
		{Style("").with(faint, underline), "both", "\x1b[2;4mboth\x1b[m"},
	} {
		if got := tc.style.paint(tc.text); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.style, got, tc.want)
		}
	}
}
