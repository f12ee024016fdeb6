package scan

import "bytes"

// Names and values that stand in members, attributes or parts of their own: {"name": "client_secret", "value": "…"}.

// isNameWord and isValueWord report whether a member holds the name, or the value, of such a pair.
func isNameWord(name []byte) bool {
	switch string(name) {
	case "name", "Name", "key", "Key":
		return true
	}
	return false
}

func isValueWord(name []byte) bool { return string(name) == "value" || string(name) == "Value" }

// mostMembers bounds how many members may stand between a name and its value.
const mostMembers = 8

// pairValue returns where the value begins of a pair whose name has the quotation mark q and ends before b[i]; b[from] is where the name begins.
// -1 where it is something else.
func pairValue(b []byte, from, i int, q quote) int {
	mark, n := quoteBefore(b, from)
	if n == 0 || mark != q || !isNamed(b, from-n, q) {
		return -1
	}
	for range mostMembers {
		name, at, next := memberAt(b, i, q)
		if next == 0 || at-from > near-maxName {
			return -1
		}
		if isValueWord(name) {
			if _, n := quoteAt(b[at:]); n == 0 {
				return -1
			}
			return at + len(quoteText(b, at))
		}
		i = next
	}
	return -1
}

// nameBehind returns the name of a pair whose value, in quotation marks q, ends before b[i]; from and to are where in b it stands.
func nameBehind(b []byte, i int, q quote) (from, to int) {
	for range mostMembers {
		name, at, next := memberAt(b, i, q)
		if next == 0 {
			return 0, 0
		}
		if n := len(quoteText(b, at)); isNameWord(name) && n > 0 {
			return at + n, next - n
		}
		i = next
	}
	return 0, 0
}

// quoteText is the quotation mark at b[i].
func quoteText(b []byte, i int) []byte {
	_, n := quoteAt(b[i:])
	return b[i : i+n]
}

// memberAt reads the member of an object, or the attribute of an XML element, that follows at b[i]: its name, where its value begins, and where it
// ends; 0 where there is none with a simple value.
func memberAt(b []byte, i int, q quote) (name []byte, at, next int) {
	i += whiteSpace(b[i:])
	if i >= len(b) {
		return nil, 0, 0
	}
	if b[i] != ',' {
		return attributeAt(b, i, q)
	}
	i++
	i += whiteSpace(b[i:])
	start := i + len(quoteText(b, i))
	if start == i {
		return nil, 0, 0
	}
	end := start
	for end < len(b) && end-start < maxName && isName(b[end]) {
		end++
	}
	shut, n := quoteAt(b[end:])
	i = end + n
	i += whiteSpace(b[i:])
	if n == 0 || shut != q || i >= len(b) || b[i] != ':' {
		return nil, 0, 0
	}
	i++
	i += whiteSpace(b[i:])
	return b[start:end], i, simpleEnd(b, i, q)
}

func attributeAt(b []byte, i int, q quote) (name []byte, at, next int) {
	end := i
	for end < len(b) && end-i < maxName && isName(b[end]) {
		end++
	}
	if end == i || end >= len(b) || b[end] != '=' {
		return nil, 0, 0
	}
	return b[i:end], end + 1, simpleEnd(b, end+1, q)
}

// simpleEnd returns where a text, number or literal ends that begins at b[i]; 0 where it is something else.
func simpleEnd(b []byte, i int, q quote) int {
	if i >= len(b) {
		return 0
	}
	open, n := quoteAt(b[i:])
	if n > 0 {
		if open != q {
			return 0
		}
		v := value{quote: q}
		end, done := v.end(b, i+n, min(len(b), i+reach), false)
		if !done {
			return 0
		}
		return end + len(quoteText(b, end))
	}
	start := i
	for i < len(b) && i-start < maxName && (isName(b[i]) || b[i] == '+') {
		i++
	}
	if i == start {
		return 0
	}
	return i
}

// isNamed reports whether the member or attribute whose value begins before b[i] holds a name.
func isNamed(b []byte, i int, q quote) bool {
	if i > 1 && b[i-1] == '=' {
		from, to, ok := nameAround(b, i-2)
		return ok && to == i-1 && isNameWord(b[from:to])
	}
	for _, word := range []string{"name", "key", "Name", "Key"} {
		if isMember(b, i, word, q) {
			return true
		}
	}
	return false
}

// valueFirst looks whether "value" at b[i] is the name of a member or an attribute behind whose value a name comes.
func (f *finder) valueFirst(b []byte, i int) (match, bool) {
	from, to, ok := nameAround(b, i)
	if !ok || !isValueWord(b[from:to]) {
		return match{}, false
	}
	i = to
	q, n := quoteBefore(b, from)
	if n > 0 {
		shut, k := quoteAt(b[i:])
		if i += k; k == 0 || shut != q {
			return match{}, false
		}
		i += whiteSpace(b[i:])
	}
	if i >= len(b) || b[i] != ':' && b[i] != '=' || (b[i] == ':') != (n > 0) {
		return match{}, false
	}
	i++
	if n > 0 {
		i += whiteSpace(b[i:])
	}
	open, k := quoteAt(b[min(i, len(b)):])
	if k == 0 || n > 0 && open != q {
		return match{}, false
	}
	end := simpleEnd(b, i, open)
	if end == 0 {
		return match{}, false
	}
	nameFrom, nameTo := nameBehind(b, end, open)
	if nameTo <= nameFrom {
		return match{}, false
	}
	s := senseOf(b, nameFrom, nameTo)
	if s == none || s == login && !f.personal {
		return match{}, false
	}
	return f.readAs(b, nameFrom, i+k, s, value{quote: open}, true)
}

// partValue returns where the value begins of the part of a form (RFC 7578) whose name ends before b[i] and begins at b[from], and how it is read;
// -1 where it is something else.
func partValue(b []byte, from, i int, q quote) (int, value) {
	mark, n := quoteBefore(b, from)
	if n == 0 || mark != q || !bytes.HasSuffix(b[:from-n], []byte("name=")) {
		return -1, value{}
	}
	v := value{form: asLine}
	if q.kind == '"' && q.depth > 0 {
		v.quote = quote{'"', q.depth - 1}
	}
	line := func() int {
		if n := newline(b[i:]); n > 0 {
			return n
		}
		return escapedLine(b[i:])
	}
	for range mostMembers {
		n := line()
		if n == 0 {
			return -1, value{}
		}
		i += n
		if n = line(); n > 0 {
			return i + n, v
		}
		if i-from > near/4 {
			return -1, value{}
		}
		for start := i; line() == 0; i++ { // Content-Type
			if i >= len(b) || i-start > 200 {
				return -1, value{}
			}
		}
	}
	return -1, value{}
}
