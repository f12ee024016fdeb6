package token

import (
	"slices"
	"strings"
)

// fewNames is up to how many names are searched one by one: for those that a token has, a map is slower.
const fewNames = 32

// reader goes once over a text that should be one JSON object (RFC 8259), gathers its members, and refuses names that come twice at
// any depth: what readers make of those differs, and a signature must not cover two readings (RFC 7519 section 4, RFC 8725 section
// 3.10). It stops at the first fault and doesn't say which it was.
type reader struct {
	text  []byte
	words string // text once more: names are parts of it, and cost no allocation each
	at    int
	depth int
	top   Object
	// names are those of the objects below the outermost that are open, the innermost's last.
	names []string
}

// readObject reads text, which it keeps; it is valid UTF-8.
func readObject(text []byte) (Object, bool) {
	r := reader{text: text, words: string(text)}
	r.space()
	if !r.object() {
		return Object{}, false
	}
	r.space()
	return r.top, r.at == len(text)
}

func (r *reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\n', '\t', '\r':
			r.at++
		default:
			return
		}
	}
}

// take moves behind a byte if it comes next.
func (r *reader) take(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *reader) value() bool {
	if r.at >= len(r.text) {
		return false
	}
	switch r.text[r.at] {
	case '"':
		return r.string()
	case '{':
		return r.object()
	case '[':
		return r.array()
	case 't':
		return r.word("true")
	case 'f':
		return r.word("false")
	case 'n':
		return r.word("null")
	default:
		return r.number()
	}
}

func (r *reader) word(w string) bool {
	if !strings.HasPrefix(r.words[r.at:], w) {
		return false
	}
	r.at += len(w)
	return true
}

func (r *reader) array() bool {
	r.at++
	if r.depth++; r.depth > maxDepth {
		return false
	}
	r.space()
	if !r.take(']') {
		for {
			r.space()
			if !r.value() {
				return false
			}
			r.space()
			if r.take(',') {
				continue
			}
			if r.take(']') {
				break
			}
			return false
		}
	}
	r.depth--
	return true
}

func (r *reader) object() bool {
	if !r.take('{') {
		return false
	}
	if r.depth++; r.depth > maxDepth {
		return false
	}
	outer := len(r.names)
	var seen map[string]struct{}
	r.space()
	if !r.take('}') {
		for {
			r.space()
			if !r.member(outer, &seen) {
				return false
			}
			r.space()
			if r.take(',') {
				continue
			}
			if r.take('}') {
				break
			}
			return false
		}
	}
	r.names = r.names[:outer]
	r.depth--
	return true
}

// member reads a name and its value. Names of the object that it is in begin at r.names[outer], or are in seen where they are many.
func (r *reader) member(outer int, seen *map[string]struct{}) bool {
	start := r.at
	if r.at >= len(r.text) || r.text[r.at] != '"' || !r.string() {
		return false
	}
	name := r.words[start+1 : r.at-1]
	if strings.IndexByte(name, '\\') >= 0 {
		name = unquote(r.text[start:r.at])
	}
	top := r.depth == 1
	fresh := false
	if top {
		fresh = r.top.add(name)
	} else {
		fresh = r.addName(name, outer, seen)
	}
	if !fresh {
		return false
	}
	r.space()
	if !r.take(':') {
		return false
	}
	r.space()
	start = r.at
	if !r.value() {
		return false
	}
	if top {
		r.top.members[len(r.top.members)-1].Value = r.text[start:r.at:r.at]
	}
	return true
}

// add begins a member; false means that the name was there already.
func (o *Object) add(name string) bool {
	if o.place(name) >= 0 {
		return false
	}
	if o.index != nil {
		o.index[name] = len(o.members)
	}
	if o.members == nil {
		o.members = make([]Member, 0, 24)
	}
	o.members = append(o.members, Member{Name: name})
	if len(o.members) == fewNames {
		o.index = make(map[string]int, 2*fewNames)
		for i, m := range o.members {
			o.index[m.Name] = i
		}
	}
	return true
}

// addName is add for an object below the outermost.
func (r *reader) addName(name string, outer int, seen *map[string]struct{}) bool {
	if *seen == nil {
		if slices.Contains(r.names[outer:], name) {
			return false
		}
		r.names = append(r.names, name)
		if len(r.names)-outer == fewNames {
			*seen = make(map[string]struct{}, 2*fewNames)
			for _, n := range r.names[outer:] {
				(*seen)[n] = struct{}{}
			}
		}
		return true
	}
	if _, twice := (*seen)[name]; twice {
		return false
	}
	(*seen)[name] = struct{}{}
	return true
}

// string moves behind the string that starts here.
func (r *reader) string() bool {
	text := r.text
	for i := r.at + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			r.at = i + 1
			return true
		case c == '\\':
			n := escapeLength(text[i:])
			if n == 0 {
				return false
			}
			i += n - 1
		case c < ' ':
			return false
		}
	}
	return false
}

// escapeLength is the length of the escape that text begins with, 0 for none.
func escapeLength(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) < 6 {
			return 0
		}
		for _, c := range text[2:6] {
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// number moves behind the number that starts here (RFC 8259 section 6).
func (r *reader) number() bool {
	r.take('-')
	if !r.take('0') && !r.digits() {
		return false
	}
	if r.take('.') && !r.digits() {
		return false
	}
	if r.take('e') || r.take('E') {
		if !r.take('+') {
			r.take('-')
		}
		return r.digits()
	}
	return true
}

func (r *reader) digits() bool {
	start := r.at
	for r.at < len(r.text) && '0' <= r.text[r.at] && r.text[r.at] <= '9' {
		r.at++
	}
	return r.at > start
}
