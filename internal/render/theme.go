package render

import "strings"

// Theme is every style of the program. A style only repeats what the words say. Colours are of the terminal's own
// sixteen, so that they follow its scheme, and of these only the two that can be read on black as well as on white;
// the rest is weight.
type Theme struct {
	Title   Style // the answer in one line
	Heading Style // a section
	Header  Style // the name of a table's column
	Label   Style // the name of a value
	Note    Style // what a value means; can be missed
	Command Style // something to type
	Warning Style // what needs attention
	Error   Style // what is wrong
}

// Style is a list of SGR parameters (ECMA-48, section 8.3.117), separated by semicolons. The zero value leaves text as it is.
type Style string

// The parameters that the theme is made of.
const (
	bold      Style = "1"
	faint     Style = "2"
	underline Style = "4"
	red       Style = "31"
	magenta   Style = "35"
)

// with adds parameters to a style.
func (s Style) with(more ...Style) Style {
	for _, m := range more {
		s = Style(strings.TrimPrefix(string(s+";"+m), ";"))
	}
	return s
}

// paint puts safe text between the style's escape and the one that ends it.
func (s Style) paint(text string) string {
	if s == "" || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[m"
}

// newTheme builds the theme. It is a function, since package variables are paid for at each start.
func newTheme() *Theme {
	return &Theme{
		Title:   bold,
		Heading: bold,
		Header:  underline,
		Note:    faint,
		Command: bold,
		Warning: bold.with(magenta),
		Error:   bold.with(red),
	}
}
