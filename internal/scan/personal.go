package scan

import "bytes"

// email looks for an e-mail address around the "@" at b[i].
func (f *finder) email(b []byte, i int) (match, bool) {
	length := 1
	if b[i] != '@' {
		n, c := spelledAt(b[i:])
		if c != '@' {
			return match{}, false
		}
		length = n
	}
	from := i
	for from > 0 && b[from-1] == '\\' {
		from-- // of an escape within an escape
	}
	from = localPart(b, from)
	if i-from > 2*maxName {
		return match{}, false
	}
	to := domainEnd(b, i+length)
	if from == i || to == 0 || ours(b[from:]) {
		return match{}, false
	}
	return match{at: from, value: value{kind: RedactedName, form: asFixed, left: to - from}}, true
}

// localPart returns where the name begins that stands before the "@" at b[i], with its "+" encoded or not.
func localPart(b []byte, i int) int {
	from := i
	for {
		end := from
		for from > 0 && i-from <= 2*maxName && (isName(b[from-1]) || b[from-1] == '+') {
			from--
		}
		n := escapedBefore(b, from, end)
		if n == 0 || from == end {
			return from
		}
		if _, c := percentAt(b[from-1:]); c != '+' {
			return from + n
		}
		from--
	}
}

// isPerson reports whether the name of something, b[from:to], is that of a person, whose value begins at b[at]: a member that is no part of a pair, a
// parameter, an element, or else a text that looks like it.
func (f *finder) isPerson(b []byte, from, to, at int, sep separator, quoted bool) bool {
	at += whiteSpace(b[min(at, len(b)):])
	open, n := quoteAt(b[min(at, len(b)):])
	switch {
	case quoted && sep.colon:
		if n == 0 {
			return false
		}
		if end := simpleEnd(b, at, open); end > 0 {
			if name, _, next := memberAt(b, end, open); next > 0 && isValueWord(name) {
				return false
			}
		}
		before := b[max(0, from-reach/4):from]
		before = before[bytes.LastIndexAny(before, "{}")+1:]
		return !bytes.Contains(before, []byte(`alue"`)) && !bytes.Contains(before, []byte(`alue\`))
	case sep.tag:
		return true
	case n == 0 && !sep.colon && from > 0:
		from += escapedBefore(b, from, to)
		_, c := spelledAt(b[max(0, from-3):])
		if b[from-1] == '&' || b[from-1] == '?' || c == '&' || c == '?' {
			return true
		}
	}
	return isFullName(b[min(at+n, len(b)):min(len(b), at+n+peek)])
}

// isFullName reports whether two words with capitals begin a text.
func isFullName(text []byte) bool {
	if len(text) == 0 || text[0] < 'A' || text[0] > 'Z' {
		return false
	}
	at := bytes.IndexAny(text, " +")
	return at > 1 && at+1 < len(text) && text[at+1] >= 'A' && text[at+1] <= 'Z' && !bytes.ContainsAny(text[:at], "\"'=:;&/<>,.|")
}

// domainEnd returns where the name of a host that begins at b[i] ends; 0 where it is none with at least two labels.
func domainEnd(b []byte, i int) int {
	const most = 255
	label, labels, to := 0, 0, 0
	for j := i; j < len(b) && j-i <= most; j++ {
		c := b[j]
		switch {
		case isLetter(c) || c >= '0' && c <= '9' || c == '-' && label > 0:
			if label++; labels > 0 && label > 1 && isLetter(c) {
				to = j + 1
			} else if labels > 0 && to > 0 && to == j {
				to = j + 1
			}
		case c == '.' && label > 0:
			label, labels = 0, labels+1
		default:
			return to
		}
	}
	return to
}

// subject looks for SIMS ID's subject, number|GUID|login name|provider|GUID, of which the third part says who somebody is.
func (f *finder) subject(b []byte, i int) (match, bool) {
	n := pipeAt(b, i)
	if n == 0 || i == 0 || b[i-1] < '0' || b[i-1] > '9' {
		return match{}, false
	}
	i += n
	if !isGUID(b, i) {
		return match{}, false
	}
	i += 36
	if n = pipeAt(b, i); n == 0 {
		return match{}, false
	}
	at := i + n
	to := partEnd(b, at)
	n = pipeAt(b, to)
	if n == 0 || to == at || ours(b[at:]) {
		return match{}, false
	}
	end := partEnd(b, to+n)
	if n = pipeAt(b, end); n == 0 || !isGUID(b, end+n) {
		return match{}, false
	}
	return match{at: at, value: value{kind: RedactedName, form: asFixed, left: to - at}}, true
}

// pipeAt returns the length of a "|" at b[i], percent-encoded or not; 0 where there is none.
func pipeAt(b []byte, i int) int {
	if i >= len(b) {
		return 0
	}
	if b[i] == '|' {
		return 1
	}
	if n, c := percentAt(b[i:]); c == '|' {
		return n
	}
	return 0
}

// partEnd returns where a part of a compound value ends that begins at b[i], at most 128 bytes on.
func partEnd(b []byte, i int) int {
	for j := i; j < len(b) && j-i < 128; j++ {
		if c := b[j]; c == '"' || c < ' ' || pipeAt(b, j) > 0 {
			return j
		}
	}
	return min(i+128, len(b))
}

func isGUID(b []byte, i int) bool {
	if i+36 > len(b) {
		return false
	}
	for j, c := range b[i : i+36] {
		if j == 8 || j == 13 || j == 18 || j == 23 {
			if c != '-' {
				return false
			}
		} else if !isHex(c) {
			return false
		}
	}
	return true
}
