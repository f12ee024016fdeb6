package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// keyboard hands over what was typed in pieces of one length.
type keyboard struct {
	keys string
	size int
}

func (k *keyboard) Read(p []byte) (int, error) {
	if k.keys == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), k.size)], k.keys)
	k.keys = k.keys[n:]
	return n, nil
}

// TestTyped edits lines as a terminal does, however the keys come.
func TestTyped(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for name, c := range map[string]struct{ keys, text, echo string }{
		"a line":                        {"hello\r", "hello\n", "hello\n"},
		"a line feed":                   {"hello\n", "hello\n", "hello\n"},
		"both":                          {"a\r\nb\r\n", "a\nb\n", "a\nb\n"},
		"an empty line":                 {"a\r\rb", "a\n\nb", "a\n\nb"},
		"backspace":                     {"hex\x7fllo\b\r", "hell\n", "hex\b \bllo\b \b\n"},
		"backspace over a character":    {"aä\x7fb\r", "ab\n", "a?\b \bb\n"},
		"backspace where nothing is":    {"\x7f\x7fa\r", "a\n", "a\n"},
		"the terminal's own erase":      {"ab\x01\r", "a\n", "ab\b \b\n"},
		"the whole line":                {"abc\x15d\r", "d\n", "abc" + strings.Repeat("\b \b", 3) + "d\n"},
		"a word":                        {"ab cd  \x17e\r", "ab e\n", "ab cd  " + strings.Repeat("\b \b", 4) + "e\n"},
		"a tab":                         {"a\tb\r", "a\tb\n", "a b\n"},
		"the end":                       {"\x04more\r", "", ""},
		"the end behind text, as there": {"abc\x04\x04", "abc", "abc"},
		"arrows":                        {"a\x1b[Ab\x1bOAc\x1b[1;5Dd\x1bxe\r", "abcde\n", "abcde\n"},
		"what terminals put around":     {"\x1b[200~abc\x1b[201~\r", "abc\n", "abc\n"},
		"a broken escape":               {"a\x1b\rb\x1b[\rc\r", "a\nb\nc\n", "a\nb\nc\n"},
		"control characters":            {"a\x00\x07\x0cb\r", "ab\n", "ab\n"},
		"a long line":                   {long + "\r", long + "\n", strings.Repeat("x", 512) + "... (5000 characters)\n"},
		"a long line taken back":        {long + strings.Repeat("\x7f", 4489) + "y\r", strings.Repeat("x", 511) + "y\n", strings.Repeat("x", 512) + "...\b\b\b   \b\b\b\b \by\n"},
		"longer than can be edited":     {strings.Repeat("x", maxEdited) + "\x7fy\r", strings.Repeat("x", maxEdited) + "y\n", strings.Repeat("x", 512) + "... (1048577 characters)\n"},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			var echo bytes.Buffer
			r := &editor{in: &keyboard{c.keys, size}, echo: &echo, keys: editKeys{erase: 1, word: ctrlW, kill: ctrlU, end: ctrlD}}
			text, err := io.ReadAll(r)
			if err != nil || string(text) != c.text || echo.String() != c.echo {
				t.Errorf("%s, %d at a time: got %.600q and shows %.600q, %v", name, size, text, echo.String(), err)
			}
		}
	}
}
