// Package word is about what people type: which word was meant by a mistyped one, and what of a refused text a message may repeat. A
// secret may have been pasted into the wrong place, and messages end in logs and tickets: so nothing is repeated but what is seen to be
// none, which is the package's one rule, for everything that is refused.
package word

import (
	"strconv"
	"strings"
)

// Hidden stands for a text, or a part of one, that isn't repeated.
const Hidden = "…"

// longest is the longest word that is repeated by its letters alone: beyond it passwords of several words begin.
const longest = 20

// Quote is a refused text in quotes, as a message may have it: whole where Harmless says so, and "…" elsewhere. known are the words that
// could have stood in its place.
func Quote(text string, known ...string) string { return strconv.Quote(Repeated(text, known...)) }

// Repeated is Quote without the quotes.
func Repeated(text string, known ...string) string {
	if Harmless(text, known...) {
		return text
	}
	return Hidden
}

// Harmless reports whether a text can be no secret: lower-case letters, '-' and '_', at most 20 of them, of which the first may be a
// capital; or a slip of the pen for one of the known words.
func Harmless(text string, known ...string) bool {
	return len(text) <= longest && consists(text[min(1, len(text)):], lower+"-_") && consists(text[:min(1, len(text))], lower+upper+"-_") || consists(text, lower+upper+digits+"-_. ") && Nearest(text, known) != ""
}

// Name is a name that somebody has thought of, as a message may have it: of a profile, a variable, an output. Digits and capitals may be
// in it, which is why it must be no longer than a word, and must not have all that passwords are asked to have. known are the names that
// there are.
func Name(text string, known ...string) string {
	if Harmless(text, known...) {
		return text
	}
	if len(text) > longest || !consists(text, lower+upper+digits+"-_.") || strings.ContainsAny(text, lower) && strings.ContainsAny(text, upper) && strings.ContainsAny(text, digits) {
		return Hidden
	}
	return text
}

// Number is a number as a message may have it: of three digits at most, which no secret is.
func Number(text string) string {
	if text != "" && len(text) <= 3 && consists(text, digits) {
		return text
	}
	return Repeated(text)
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// consists reports whether a text has only these characters.
func consists(text, of string) bool { return strings.Trim(text, of) == "" }

// Address is an address as a message may have it. Scheme and host tell which one it is; passwords, codes and tokens are found in the user
// information, the query and the fragment, and in long or made-up parts of a path. Whatever is no address of a host is held to Repeated.
func Address(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		if port, here := strings.CutPrefix(strings.TrimSuffix(text, "/"), "localhost:"); here && consists(port, digits) && len(port) <= 5 {
			return text // which no secret begins with
		}
		return Repeated(text)
	}
	if scheme != "https" && scheme != "http" {
		scheme = Hidden
	}
	user := ""
	if i := strings.LastIndexByte(rest, '@'); i >= 0 { // where it isn't an address at all, user information may hold a slash
		user, rest = Hidden+"@", rest[i+1:]
	}
	tail := ""
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest, tail = rest[:i], rest[i:i+1]+Hidden
	}
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	return scheme + "://" + user + Host(host) + pathShown(path) + tail
}

// Host is a host, with its port or without, as a message may have it: its labels are short, and have no capitals.
func Host(host string) string {
	const longestLabel = 30
	for label := range strings.SplitSeq(host, ".") {
		if len(label) > longestLabel || !consists(label, lower+digits+"-:[]") {
			return Hidden
		}
	}
	return host
}

func pathShown(path string) string {
	const few = 8 // "v2", "oauth2"
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !Harmless(part) && (len(part) > few || !consists(part, lower+upper+digits+".-_~%")) {
			parts[i] = Hidden
		}
	}
	return strings.Join(parts, "/")
}

// File is the name of a file as a message may have it. Its parts may be anything, so that a name is told by its beginning or its
// ending, or by being a word: a secret that was given in the place of its file has neither.
func File(name string) string {
	switch {
	case looksMade(name):
		return Hidden
	case Harmless(name), isRooted(name):
		return name
	}
	last := name[strings.LastIndexAny(name, `/\`)+1:]
	dot := strings.LastIndexByte(last, '.')
	if dot > 0 && len(last)-dot <= 6 && len(last)-dot > 1 && (consists(last[dot+1:], lower+digits) || consists(last[dot+1:], upper)) && len(last) <= maxWord {
		return name
	}
	return Hidden
}

func isRooted(name string) bool {
	for _, root := range []string{"/", "./", "../", "~/", `\\`, `.\`, `..\`} {
		if strings.HasPrefix(name, root) {
			return true
		}
	}
	return len(name) > 2 && name[1] == ':' && (name[2] == '\\' || name[2] == '/') // C:\
}

// looksMade reports whether a text is of a form that secrets alone have: a private key, an age identity, a JWT.
func looksMade(text string) bool {
	return strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, "AGE-SECRET-KEY-") || strings.Contains(text, "AGE-PLUGIN-") ||
		strings.HasPrefix(strings.TrimSpace(text), "{") || strings.HasPrefix(strings.TrimSpace(text), "eyJ") || strings.ContainsAny(text, "\r\n")
}
