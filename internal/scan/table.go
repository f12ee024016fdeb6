package scan

// A hit says which rules may apply where a pair of bytes stands.
type hit uint8

const (
	hitJWT   hit = 1 << iota // "eyJ" and its like: the start of an encoded JSON object
	hitName                  // within a name that may be a credential's
	hitWord                  // "Bearer", "Basic"
	hitURL                   // "://"
	hitEmail                 // "@"
	hitPipe                  // "|"
)

// tokenChars has a 1 for each character of base64url (RFC 4648 section 5): a look into it takes the same time for all of them, and they
// come in no order that a processor could foresee.
const tokenChars = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00" + // -
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00" + // 0 to 9
	"\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" + // A to Z
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x01" + // _
	"\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" + // a to z
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00" +
	zeros + zeros + zeros + zeros

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// isToken reports whether c is a character of base64url.
func isToken(c byte) bool { return tokenChars[c] != 0 }

// tokenEnd returns where the characters of base64url end that begin at b[i]. It looks at eight at a time.
func tokenEnd(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		g := b[i : i+8 : i+8]
		if tokenChars[g[0]]&tokenChars[g[1]]&tokenChars[g[2]]&tokenChars[g[3]]&
			tokenChars[g[4]]&tokenChars[g[5]]&tokenChars[g[6]]&tokenChars[g[7]] == 0 {
			break
		}
	}
	for i < len(b) && isToken(b[i]) {
		i++
	}
	return i
}

// pairs maps two bytes, the first in the low half, to what they may be part of. Text is looked at in steps of two bytes, since most of
// it is nothing: whatever is searched for has three bytes in a row of which both pairs are marked, so one of them is met
// wherever it begins.
type pairs [1 << 16]hit

func newTable(all, personal bool) *pairs {
	t := new(pairs)
	// {" followed by a letter, a space or a digit; { and white space.
	for _, start := range []string{"eyJ", "eyA", "eyI", "ewo", "ew0", "ewk"} {
		t.mark(start, hitJWT)
	}
	if !all {
		return t
	}
	for _, part := range nameParts() {
		t.markAnyCase(part, hitName)
	}
	for c := range 256 {
		t[pair(byte(c), 'B')] |= hitWord
	}
	t[pair('B', 'e')] |= hitWord
	t[pair('B', 'a')] |= hitWord
	t.mark("://", hitURL)
	if !personal {
		return t
	}
	for _, part := range personalParts() {
		t.markAnyCase(part, hitName)
	}
	for c := range 256 {
		t[pair(byte(c), '@')] |= hitEmail
		t[pair('@', byte(c))] |= hitEmail
		t[pair(byte(c), '|')] |= hitPipe
		t[pair('|', byte(c))] |= hitPipe
	}
	t.mark("%7C", hitPipe)
	t.mark("%7c", hitPipe)
	t.mark("%40", hitEmail)
	return t
}

// nameParts are three letters of each name that means something, those that are rarest in logs.
func nameParts() []string {
	return []string{"oke", "ode", "ecr", "swo", "swd", "sph", "sse", "iza", "oki", "aml", "pik", "i-k", "i_k", "bsc"}
}

// personalParts are the same for names of which only a redaction of personal data knows.
func personalParts() []string {
	return []string{"ser", "log", "mai", "upn", "uni", "ive", "fam", "kna", "pho"}
}

// inName reports whether the pair at b[i] belongs to one of those parts: most pairs that are marked don't.
func inName(b []byte, i int, personal bool) bool {
	const lower = 0x202020
	if i > 0 && isPart(three(b[i-1:])|lower, personal) {
		return true
	}
	return i+3 <= len(b) && isPart(three(b[i:])|lower, personal)
}

// likely returns what of a hit is left when a third byte is looked at.
func likely(b []byte, i int, h hit, personal bool) hit {
	if h&hitName != 0 && !inName(b, i, personal) {
		h &^= hitName
	}
	if h&hitWord != 0 {
		at := i
		if b[at] != 'B' {
			at++
		}
		if at+1 >= len(b) || b[at+1] != 'e' && b[at+1] != 'a' {
			h &^= hitWord
		}
	}
	return h
}

func three(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

func isPart(w uint32, personal bool) bool {
	switch w {
	case 'o' | 'k'<<8 | 'e'<<16, 'o' | 'd'<<8 | 'e'<<16, 'e' | 'c'<<8 | 'r'<<16, 's' | 'w'<<8 | 'o'<<16, 's' | 'w'<<8 | 'd'<<16,
		's' | 'p'<<8 | 'h'<<16, 's' | 's'<<8 | 'e'<<16, 'i' | 'z'<<8 | 'a'<<16, 'o' | 'k'<<8 | 'i'<<16, 'a' | 'm'<<8 | 'l'<<16,
		'p' | 'i'<<8 | 'k'<<16, 'i' | '-'<<8 | 'k'<<16, 'i' | ('_'|0x20)<<8 | 'k'<<16, 'b' | 's'<<8 | 'c'<<16:
		return true
	case 's' | 'e'<<8 | 'r'<<16, 'l' | 'o'<<8 | 'g'<<16, 'm' | 'a'<<8 | 'i'<<16, 'u' | 'p'<<8 | 'n'<<16, 'u' | 'n'<<8 | 'i'<<16,
		'i' | 'v'<<8 | 'e'<<16, 'f' | 'a'<<8 | 'm'<<16, 'k' | 'n'<<8 | 'a'<<16, 'p' | 'h'<<8 | 'o'<<16:
		return personal
	}
	return false
}

func pair(a, b byte) uint16 { return uint16(a) | uint16(b)<<8 }

func (t *pairs) mark(three string, h hit) {
	t[pair(three[0], three[1])] |= h
	t[pair(three[1], three[2])] |= h
}

func (t *pairs) markAnyCase(three string, h hit) {
	for bits := range 8 {
		b := []byte(three)
		for i := range b {
			if bits>>i&1 == 1 && b[i] >= 'a' {
				b[i] -= 'a' - 'A'
			}
		}
		t.mark(string(b), h)
	}
}

// next returns the first place at or behind i, in steps of two, whose pair is marked, and how; end when there is none before it. The
// last byte before end is paired with the one before it.
func (t *pairs) next(b []byte, i, end int) (int, hit) {
	b = b[:end]
	for ; i+8 <= len(b); i += 8 {
		g := b[i : i+8 : i+8]
		w := uint64(g[0]) | uint64(g[1])<<8 | uint64(g[2])<<16 | uint64(g[3])<<24 |
			uint64(g[4])<<32 | uint64(g[5])<<40 | uint64(g[6])<<48 | uint64(g[7])<<56
		if t[uint16(w)]|t[uint16(w>>16)]|t[uint16(w>>32)]|t[uint16(w>>48)] == 0 { //nolint:gosec // the low half is meant
			continue
		}
		break
	}
	for ; i+2 <= len(b); i += 2 {
		if h := t[pair(b[i], b[i+1])]; h != 0 {
			return i, h
		}
	}
	if i+1 == len(b) && i > 0 {
		if h := t[pair(b[i-1], b[i])]; h != 0 {
			return i - 1, h
		}
	}
	return end, 0
}
