package render

import "charm.land/lipgloss/v2"

// Theme is every style of the program. A style only repeats what the words say. Colours are of the terminal's own
// sixteen, so that they follow its scheme, and of these only the two that can be read on black as well as on white;
// the rest is weight.
type Theme struct {
	Title   lipgloss.Style // the answer in one line
	Heading lipgloss.Style // a section
	Header  lipgloss.Style // the name of a table's column
	Label   lipgloss.Style // the name of a value
	Note    lipgloss.Style // what a value means; can be missed
	Command lipgloss.Style // something to type
	Warning lipgloss.Style // what needs attention
	Error   lipgloss.Style // what is wrong
}

// newTheme builds the theme. It is a function, since package variables are paid for at each start.
func newTheme() *Theme {
	plain := lipgloss.NewStyle()
	return &Theme{
		Title:   plain.Bold(true),
		Heading: plain.Bold(true),
		Header:  plain.Underline(true),
		Label:   plain,
		Note:    plain.Faint(true),
		Command: plain.Bold(true),
		Warning: plain.Bold(true).Foreground(lipgloss.Magenta),
		Error:   plain.Bold(true).Foreground(lipgloss.Red),
	}
}
