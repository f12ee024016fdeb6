package render

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// width is how many columns s takes on a screen: wide characters take two, combining ones none.
func width(s string) int { return displaywidth.String(s) }

// wrap breaks one line of safe text into lines of at most columns each, without losing anything but the spaces at
// the breaks. It breaks at a space, or in a long word behind a separator, where
// one isn't too far from the end of the line; else wherever the line is full.
func wrap(s string, columns int) []string {
	columns = max(columns, 1)
	if len(s) <= columns || width(s) <= columns {
		return []string{s}
	}
	var lines []string
	for s != "" {
		n := fitting(s, columns)
		if n < len(s) {
			n = breakAt(s, n)
		}
		lines = append(lines, strings.TrimRight(s[:n], " "))
		s = strings.TrimLeft(s[n:], " ")
	}
	return lines
}

// fitting returns how many bytes of s fit into columns: whole grapheme clusters, and at least one.
func fitting(s string, columns int) int {
	n, used := 0, 0
	for clusters := displaywidth.StringGraphemes(s); clusters.Next(); {
		used += clusters.Width()
		if used > columns && n > 0 {
			break
		}
		n += len(clusters.Value())
	}
	return n
}

// breakAt returns where to break s, of which n bytes fit.
func breakAt(s string, n int) int {
	if s[n] == ' ' {
		return n
	}
	space := strings.LastIndexByte(s[:n], ' ')
	if space > n/3 {
		return space
	}
	if i := strings.LastIndexAny(s[:n], "|,;&?/"); i > n/3 {
		return i + 1
	}
	if space > 0 {
		return space
	}
	return n
}
