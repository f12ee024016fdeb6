package scan

// email looks for an e-mail address around the "@" at b[i].
func (f *finder) email(b []byte, i int) (match, bool) {
	length := 1
	if b[i] != '@' {
		n, c := percentAt(b[i:])
		if c != '@' {
			return match{}, false
		}
		length = n
	}
	from := i
	for from > 0 && i-from <= maxName && (isName(b[from-1]) || b[from-1] == '+') {
		from--
	}
	if i-from > maxName {
		return match{}, false
	}
	from += escapedBefore(b, from, i)
	to := domainEnd(b, i+length)
	if from == i || to == 0 || ours(b[from:]) {
		return match{}, false
	}
	return match{at: from, value: value{kind: RedactedName, form: asFixed, left: to - from}}, true
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
