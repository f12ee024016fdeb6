package provider

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// spellings are secrets that foreign text may repeat: as they are, escaped for an address, for HTML or for JSON, in base64 or as
// hexadecimal digits, and in either case of letters, as hosts and digits come. The zero value is none.
type spellings struct {
	whole map[string]bool // the secrets that are known; true: in all their spellings
	plain dictionary
	coded dictionary // base64, in the alphabet of addresses
}

// Lengths in bytes from which a secret is looked for.
const (
	secretWord  = 4 // shorter credentials are masked where they are a word of their own: else they would be found everywhere
	secretOther = 8 // of what nobody has called a credential
)

// add takes a credential in, with all its spellings.
func (s *spellings) add(credential string) {
	s.keep(credential, true)
	if len(credential) < secretWord {
		return
	}
	s.plain.put(pattern{text: fold(hex.EncodeToString([]byte(credential)))})
	// Behind something else it looks otherwise, by the number of bytes before it.
	for before := range 3 {
		text := base64.RawURLEncoding.EncodeToString(append(make([]byte, before), credential...))
		s.coded.put(pattern{text: fold(text[(8*before+5)/6 : 8*(before+len(credential))/6])})
	}
}

// addOther takes a value in that may be a secret and may be none. Short ones would be found where nobody sent them.
func (s *spellings) addOther(value string) {
	if len(value) >= secretOther {
		s.keep(value, false)
	}
}

func (s *spellings) keep(value string, whole bool) {
	if s.whole == nil {
		s.whole = map[string]bool{}
	}
	s.whole[value] = whole || s.whole[value]
	s.plain.put(pattern{text: fold(value), word: len(value) < secretWord})
}

// knows reports whether a value was taken in, as a credential where it is to be one.
func (s *spellings) knows(value string, credential bool) bool {
	whole, known := s.whole[value]
	return known && (whole || !credential)
}

// masked returns a text without the secrets, cut somewhere behind its first n bytes.
func (s *spellings) masked(text string, n int) string {
	var b strings.Builder
	for i := 0; i < len(text) && b.Len() <= n; {
		if length := s.at(text, i); length > 0 {
			b.WriteString("[masked]")
			i += length
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// at returns how long the secret is that stands at i; 0: none does.
func (s *spellings) at(text string, i int) int {
	coded := s.coded.at(text, i, inBase64)
	if coded > 0 {
		coded += hangsOn(text[i+coded:])
	}
	return max(coded, s.plain.at(text, i, asItIs), s.plain.at(text, i, unescaped), s.plain.at(text, i, formUnescaped))
}

// pattern is one spelling of a secret, folded.
type pattern struct {
	text string
	word bool // it counts as a word of its own alone
}

// dictionary holds patterns so that those which a text begins with are found in one pass over it, however many there are.
type dictionary struct {
	patterns []pattern // sorted by text, each once
}

func byText(p pattern, text string) int { return strings.Compare(p.text, text) }

func (d *dictionary) put(p pattern) {
	i, there := slices.BinarySearchFunc(d.patterns, p.text, byText)
	if !there {
		d.patterns = slices.Insert(d.patterns, i, p)
	}
}

// at returns how long the longest pattern is, in bytes of the text, that stands at i.
func (d *dictionary) at(text string, i int, read reading) (longest int) {
	left, depth := d.patterns, 0
	for end := i; end < len(text); {
		unit, width := read(text[end:])
		for k := range len(unit) {
			left = narrowed(left, depth, folded(unit[k]))
			depth++
		}
		end += width
		if len(left) == 0 {
			break
		}
		// The shortest of them comes first.
		if len(left[0].text) == depth && (!left[0].word || isWord(text, i, end)) {
			longest = end - i
		}
	}
	return longest
}

// narrowed are the patterns whose byte at depth is c, of ones that agree before it.
func narrowed(sorted []pattern, depth int, c byte) []pattern {
	from, _ := slices.BinarySearchFunc(sorted, int(c), func(p pattern, c int) int { return p.byteAt(depth) - c })
	to, _ := slices.BinarySearchFunc(sorted, int(c)+1, func(p pattern, c int) int { return p.byteAt(depth) - c })
	return sorted[from:to]
}

// byteAt is -1 behind the end.
func (p pattern) byteAt(i int) int {
	if i < len(p.text) {
		return int(p.text[i])
	}
	return -1
}

// isWord reports whether what stands from i to end has no letter or digit of ASCII at either side.
func isWord(text string, i, end int) bool {
	return (i == 0 || !isAlphanumeric(text[i-1])) && (end == len(text) || !isAlphanumeric(text[end]))
}

// hangsOn is 1 where one more letter of base64 follows: it may hold the last bits.
func hangsOn(text string) int {
	if text != "" && (isAlphanumeric(text[0]) || strings.IndexByte("+/-_", text[0]) >= 0) {
		return 1
	}
	return 0
}

// reading takes the first character off a text: the bytes that it stands for, and how long it is.
type reading func(text string) (unit string, width int)

func asItIs(text string) (string, int) { return text[:1], 1 }

// unescaped reads the escapes of addresses, HTML and JSON.
func unescaped(text string) (string, int) {
	switch text[0] {
	case '%':
		if len(text) < 3 {
			break
		}
		if c, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
			return string([]byte{byte(c)}), 3
		}
	case '&':
		return htmlUnescaped(text)
	case '\\':
		if len(text) >= 6 && text[1] == 'u' {
			if r, err := strconv.ParseUint(text[2:6], 16, 16); err == nil {
				return string(rune(r)), 6
			}
		}
		if len(text) >= 2 && strings.IndexByte(`"\/`, text[1]) >= 0 {
			return text[1:2], 2
		}
	}
	return asItIs(text)
}

// htmlUnescaped reads a reference to a character, by number or as one of those that are always escaped.
func htmlUnescaped(text string) (string, int) {
	const longest = 10
	name, _, closed := strings.Cut(text[1:min(longest, len(text))], ";")
	if !closed {
		return asItIs(text)
	}
	width := len(name) + 2
	switch name {
	case "amp":
		return "&", width
	case "lt":
		return "<", width
	case "gt":
		return ">", width
	case "quot":
		return `"`, width
	case "apos":
		return "'", width
	}
	if number, ok := strings.CutPrefix(name, "#"); ok {
		base := 10
		if hexadecimal := strings.TrimLeft(number, "xX"); hexadecimal != number {
			number, base = hexadecimal, 16
		}
		if r, err := strconv.ParseUint(number, base, 21); err == nil {
			return string(rune(r)), width
		}
	}
	return asItIs(text)
}

// formUnescaped is unescaped of a form, where a plus is a space.
func formUnescaped(text string) (string, int) {
	if text[0] == '+' {
		return " ", 1
	}
	return unescaped(text)
}

// inBase64 takes both alphabets for that of addresses.
func inBase64(text string) (string, int) {
	unit, width := unescaped(text)
	switch unit {
	case "+":
		unit = "-"
	case "/":
		unit = "_"
	}
	return unit, width
}

func folded(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func fold(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = folded(b[i])
	}
	return string(b)
}

// addAll takes values of one name in.
func (s *spellings) addAll(name string, values []string) {
	for _, v := range values {
		if isCredential(name) {
			s.add(v)
		} else {
			s.addOther(v)
		}
	}
}

// hidden takes the secrets out of the words of an exchange's error: net/http repeats what it can't read of an answer.
func (s *spellings) hidden(err error) error {
	e, ok := errors.AsType[*UnavailableError](err)
	if !ok {
		return err
	}
	words := e.Err.Error()
	if masked := s.masked(words, len(words)); masked != words {
		e.Err = &maskedError{masked, e.Err}
	}
	return err
}

// maskedError is an error in other words.
type maskedError struct {
	words string
	err   error
}

func (e *maskedError) Error() string { return e.words }
func (e *maskedError) Unwrap() error { return e.err }
