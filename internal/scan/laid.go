package scan

import (
	"bytes"
	"encoding/base64"
)

// laid is a token taken out of the way in which a text has laid it out: over lines, in several pieces, with escapes for its characters.
type laid struct {
	text   []byte  // its characters
	ends   []int32 // where each ends, from where the token begins
	joints []laidJoint
	dots   []int // where in text

	i         int // how far it has been read
	lineStart int
}

type laidJoint struct {
	joint
	at    int // before which character
	width int // of the line that it ends
}

const (
	// maxLaid is the longest token in bytes of text that is taken out of its layout, maxLaidHeader the longest header of one in characters: what isn't
	// one is found out after so much.
	maxLaid       = 16 << 10
	maxLaidHeader = 2 << 10
	// leastWidth is the least width of lines that somebody may have broken a token into.
	leastWidth = 32
)

func (l *laid) begin(b []byte, at int) {
	l.text, l.ends, l.joints, l.dots = l.text[:0], l.ends[:0], l.joints[:0], l.dots[:0]
	l.i = at
	line := bytes.LastIndexByte(b[max(0, at-behind/2):at], '\n') + 1 + max(0, at-behind/2)
	l.lineStart = line + indent(b[line:at])
}

// read goes on until there are so many dots or characters, or the token ends.
func (l *laid) read(b []byte, at, dots, most int) {
	b = b[:min(len(b), at+maxLaid)]
	for l.i < len(b) && len(l.dots) < dots && len(l.text) < most {
		n, c := 1, b[l.i]
		if !isToken(c) && c != '.' {
			if n, c = spelledAt(b[l.i:]); !isToken(c) && c != '.' || n == 0 {
				if !l.join(b) {
					return
				}
				continue
			}
		}
		if c == '.' {
			l.dots = append(l.dots, len(l.text))
		}
		l.i += n
		l.text, l.ends = append(l.text, c), append(l.ends, int32(l.i-at)) //nolint:gosec // at most maxLaid
	}
}

// join takes a joint, if the token goes on behind it.
func (l *laid) join(b []byte) bool {
	j := jointAt(b[l.i:])
	next := l.i + j.length
	if j.length == 0 || next >= len(b) {
		return false
	}
	if c := b[next]; !isToken(c) && c != '.' {
		if _, c = spelledAt(b[next:]); !isToken(c) && c != '.' {
			return false
		}
	}
	width := l.i - l.lineStart
	if j.free && width < leastWidth && len(l.joints) > 0 {
		return false
	}
	l.joints = append(l.joints, laidJoint{j, len(l.text), width})
	l.i, l.lineStart = next, next
	return true
}

// mayBeLaid reports whether a token may go on at b[i], where its characters end.
func mayBeLaid(b []byte, i int) bool {
	if i+2 >= len(b) {
		return false
	}
	switch b[i] {
	case '\n', '\r', '=', '\\', '"', '\'', '`', '&', '%':
	default:
		return false
	}
	if _, c := spelledAt(b[i:]); isToken(c) || c == '.' {
		return true
	}
	return jointAt(b[i:]).length > 0
}

// laidJWT returns the length of the JWT that is laid out from b[at] on; 0 where there is none. Where a line break may as well be the end of a
// token, its parts decide: a header and claims are whole JSON objects, and signatures have few lengths.
func (f *finder) laidJWT(b []byte, at int) int {
	if at < f.laidTo {
		return 0
	}
	l := &f.laid
	l.begin(b, at)
	l.read(b, at, 1, maxLaidHeader)
	if len(l.dots) == 0 {
		f.laidTo = l.i // whatever begins on the way doesn't come to a dot either
		return 0
	}
	if !f.readHeader(l.text[:l.dots[0]]) {
		return 0
	}
	parts := 3
	if f.header.get("enc") != nil {
		parts = 5
	}
	l.read(b, at, parts, maxLaid)
	end := l.end(parts, text(f.header.get("alg")), &f.claims)
	if end <= l.dots[0]+1 {
		return 0
	}
	return int(l.ends[end-1])
}

// end returns how many characters belong to the token.
func (l *laid) end(parts int, algorithm string, o *object) int {
	end := len(l.text)
	if len(l.dots) >= parts {
		end = l.dots[parts-1]
	}
	whole := len(l.dots) >= parts-1
	if parts == 3 && whole {
		whole = isObject(o, l.text[l.dots[0]+1:l.dots[1]])
	}
	if !whole { // cut off: what follows in another line is another thing
		return l.firstBreak(l.dots[0], end)
	}
	last := l.dots[parts-2] + 1
	for k, j := range l.joints {
		if j.at < last || !j.free && !j.loose {
			continue
		}
		if l.endsAt(k, last, end, algorithm) {
			return min(j.at, end)
		}
	}
	return end
}

// firstBreak returns the first place behind from where something else may begin.
func (l *laid) firstBreak(from, end int) int {
	for _, j := range l.joints {
		if j.at > from && (j.free || j.loose) {
			return min(j.at, end)
		}
	}
	return end
}

// endsAt reports whether a token whose last part begins at last ends at its kth joint.
func (l *laid) endsAt(k, last, end int, algorithm string) bool {
	j, next := l.joints[k], end
	if k+1 < len(l.joints) {
		next = min(end, l.joints[k+1].at)
	}
	switch {
	case isSignature(j.at-last, algorithm):
		return true
	case isSignature(next-last, algorithm):
		return false
	case k == 0:
		return true // it has never been broken before
	case j.loose:
		return !l.joints[k-1].loose
	}
	return j.width != l.joints[k-1].width
}

// isSignature reports whether n is how many characters a signature of the algorithm may have: of HMAC, ECDSA and EdDSA there is one length each
// (RFC 7518 sections 3.2 and 3.4, RFC 8032), of RSA one for each size of key in use.
func isSignature(n int, algorithm string) bool {
	switch algorithm {
	case "HS256":
		return n == 43
	case "HS384":
		return n == 64
	case "HS512", "ES256", "ES256K":
		return n == 86
	case "ES384":
		return n == 128
	case "ES512":
		return n == 176
	case "EdDSA", "Ed25519", "Ed448":
		return n == 86 || n == 152
	}
	return n == 171 || n == 342 || n == 512 || n == 683
}

// isObject reports whether encoded is a JSON object.
func isObject(o *object, encoded []byte) bool {
	decoded, err := base64.RawURLEncoding.DecodeString(string(encoded))
	return err == nil && o.read(decoded) == whole
}

// take reads a token that was found, and appends to joints what stands between its pieces.
func (l *laid) take(text, joints []byte) []byte {
	l.begin(text, 0)
	l.read(text, 0, len(text)+1, len(text)+1)
	from := 0
	for _, j := range l.joints {
		if j.at > 0 {
			from = int(l.ends[j.at-1])
		}
		joints = append(joints, text[from:from+j.length]...)
	}
	return joints
}
