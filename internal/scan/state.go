package scan

// state is what is open where a chunk ends. The zero value is nothing.
type state struct {
	open  bool  // a value is being read
	value value // which
	kept  []byte
	cut   bool // more of it came than is kept

	list  list // of what list the value is part, or is looked for
	quote quote
	over  bool // of Set-Cookie: the first pair is over
	shut  bool // the quotation mark behind a value comes next
	text  bool // of a list in JSON: within a text that is no value
	known int  // how much of that is the word "value"; -1: it is another
	named bool // the last text was the name "value"

	behind int // how many bytes at the start of the next chunk have been read already
}

// nothing reports whether the next chunk begins as a text does.
func (s *state) nothing() bool { return !s.open && s.list == noList && s.behind == 0 }

// keep adds to the value that is being read, up to a bound.
func (s *state) keep(b []byte) {
	if room := maxKept - len(s.kept); len(b) > room {
		b, s.cut = b[:room], true
	}
	s.kept = append(s.kept, b...)
}

// item goes on with a list at b[i] and returns where its next value begins; found is false when there is none before hi, and the list
// goes on at the place returned, unless it has ended.
func (s *state) item(b []byte, i, hi int) (at int, found bool) {
	if s.list == harValues {
		return s.harItem(b, i, hi)
	}
	v := value{kind: RedactedCookie, form: asLine, quote: s.quote}
	for i < hi {
		if s.shut {
			if s.shut = false; b[i] == '"' {
				i++
				continue
			}
		}
		n, ends := v.step(b, i)
		if ends || b[i] == '"' && s.quote.kind == 0 {
			if s.list == firstCookie && s.quote.kind != 0 && escapesLine(b, i) {
				s.over = false // HTTP archives join several headers so
				i += n
				continue
			}
			s.list = noList
			return i, false
		}
		i += n
		if b[i-1] != '=' || s.over || i >= len(b) {
			continue
		}
		s.over = s.list == firstCookie
		s.value = value{kind: RedactedCookie, form: asCookie, quote: s.quote}
		if b[i] == '"' && s.quote.kind == 0 {
			s.value, s.shut = value{kind: RedactedCookie, quote: quote{kind: '"'}}, true
			i++
		}
		if !ours(b[i:]) {
			return i, true
		}
	}
	return i, false
}

// escapesLine reports whether a line break is written as an escape at b[i].
func escapesLine(b []byte, i int) bool {
	k := backslashes(b[i:])
	return k > 0 && i+k < len(b) && b[i+k] == 'n'
}

// harItem is item for the array of cookies of an HTTP archive: objects whose members are texts, numbers, literals. Whatever else comes
// ends it, for then it isn't one.
func (s *state) harItem(b []byte, i, hi int) (at int, found bool) {
	const word = "value"
	for ; i < hi; i++ {
		switch c := b[i]; {
		case s.shut:
			if s.shut = false; c != '"' {
				s.list = noList
				return i, false
			}
		case s.text && c == '"':
			s.text, s.named = false, s.known == len(word)
		case s.text && c == '\\':
			s.known = -1
			i++
		case s.text && c >= ' ':
			if s.known >= 0 && s.known < len(word) && c == word[s.known] {
				s.known++
			} else {
				s.known = -1
			}
		case s.text:
			s.list, s.text = noList, false
			return i, false
		case c == '"' && s.named && !ours(b[i+1:]):
			s.named, s.shut = false, true
			s.value = value{kind: RedactedCookie, quote: quote{kind: '"'}}
			return i + 1, true
		case c == '"':
			s.text, s.named, s.known = true, false, 0
		case c == '{' || c == '}' || c == ',':
			s.named = false
		case c == ':' || isWhite(c) || isName(c) || c == '+':
		default:
			s.list, s.named = noList, false
			return i, false
		}
	}
	return i, false
}
