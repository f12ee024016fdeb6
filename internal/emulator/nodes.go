package emulator

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// Pages are trees of nodes: text and the values of attributes are escaped when a tree is written, and nowhere else, so
// nothing that a page shows can become markup.

// attributes are names and values in turn. A name that ends in "?" is that of an attribute without a value, which stands
// there only when the value isn't empty.
type attributes []string

// el makes an element. Children that are nil are left out.
func el(tag string, with attributes, children ...*html.Node) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: tag, Attr: make([]html.Attribute, 0, len(with)/2)}
	for i := 0; i+1 < len(with); i += 2 {
		name, flag := strings.CutSuffix(with[i], "?")
		switch {
		case !flag:
			n.Attr = append(n.Attr, html.Attribute{Key: name, Val: with[i+1]})
		case with[i+1] != "":
			n.Attr = append(n.Attr, html.Attribute{Key: name})
		}
	}
	return grow(n, children...)
}

// grow adds children to an element.
func grow(n *html.Node, children ...*html.Node) *html.Node {
	for _, child := range children {
		if child != nil {
			n.AppendChild(child)
		}
	}
	return n
}

// text is the server's own words.
func text(words string) *html.Node { return &html.Node{Type: html.TextNode, Data: words} }

// foreign is text that came from a configuration, a client or a user: what could hide or reorder its surroundings is shown
// as text.
func foreign(words string) *html.Node { return text(visible(words)) }

// isolated is foreign text whose direction stays its own.
func isolated(words string) *html.Node { return el("bdi", nil, foreign(words)) }

func strong(child *html.Node) *html.Node { return el("strong", nil, child) }

// mono is foreign text that somebody may want to copy.
func mono(words string) *html.Node { return el("code", nil, foreign(words)) }

// visible shows control characters and marks of direction as text: a name can't then reorder or hide what is around it.
func visible(text string) string {
	var b strings.Builder
	for _, c := range text {
		switch {
		case unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == '\u2028' || c == '\u2029':
			fmt.Fprintf(&b, "[U+%04X]", c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// initials are for the eye only: the first letters of the first two words that begin with a letter.
func initials(name string) string {
	var out []rune
	for _, word := range strings.FieldsFunc(name, func(c rune) bool { return !unicode.IsLetter(c) }) {
		first := []rune(word)[0]
		if unicode.IsUpper(first) && len(out) < 2 {
			out = append(out, first)
		}
	}
	return string(out)
}
