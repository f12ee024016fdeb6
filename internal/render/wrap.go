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

// wrapPaths is wrap for simsid's own words, in which a file's path and an address are never broken inside: whoever reads it goes there, or
// copies it. One that is longer than a line has a line of its own, which the terminal breaks, and copies whole.
func wrapPaths(s string, columns int) []string {
	if len(s) <= columns || width(s) <= columns {
		return []string{s}
	}
	var lines []string
	rest := ""
	for word := range strings.SplitSeq(s, " ") {
		if !isPath(word) {
			rest += word + " "
			continue
		}
		before := strings.TrimRight(rest, " ")
		if wrapped := wrap(before, columns); before != "" {
			lines, rest = append(lines, wrapped[:len(wrapped)-1]...), wrapped[len(wrapped)-1]+" "
		}
		if before != "" && width(rest+word) > columns {
			lines, rest = append(lines, strings.TrimRight(rest, " ")), ""
		}
		if rest += word + " "; width(word) > columns {
			lines, rest = append(lines, word), ""
		}
	}
	if rest = strings.TrimRight(rest, " "); rest != "" {
		lines = append(lines, wrap(rest, columns)...)
	}
	return lines
}

// isPath reports whether a word is a file's path, from the root or from home, or an address.
func isPath(word string) bool {
	if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
		return true
	}
	drive := len(word) > 3 && word[1] == ':' && word[2] == '\\'
	return drive || strings.HasPrefix(word, "~/") || len(word) > 1 && word[0] == '/'
}
