package scan

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
)

// Whatever is replaced has this form, which needs no quoting anywhere: redacted-jwt-0123456789ab.
const (
	oursStart = "redacted-"
	hashBytes = 6 // one in a million million that two values look alike
)

// ours reports whether what a redaction left begins b: to redact a text again changes nothing.
func ours(b []byte) bool {
	if len(b) < len(oursStart) || string(b[:len(oursStart)]) != oursStart {
		return false
	}
	b = b[len(oursStart):]
	for _, k := range [...]Kind{RedactedJWT, RedactedToken, RedactedCode, RedactedSecret, RedactedCookie, RedactedName, RedactedEncoded} {
		if len(b) < len(k)+1+2*hashBytes || string(b[:len(k)]) != string(k) || b[len(k)] != '-' {
			continue
		}
		for _, c := range b[len(k)+1 : len(k)+1+2*hashBytes] {
			if !isHex(c) {
				return false
			}
		}
		rest := b[len(k)+1+2*hashBytes:]
		return len(rest) == 0 || !isToken(rest[0])
	}
	return false
}

// mask makes hashes by HMAC-SHA-256. It belongs to one goroutine.
type mask struct {
	hash  hash.Hash
	sum   [sha256.Size]byte
	plain []byte
}

func newMask(key []byte) *mask { return &mask{hash: hmac.New(sha256.New, key)} }

// append appends what stands in place of a value. However a value is encoded, it is the same.
func (m *mask) append(dst []byte, kind Kind, text []byte, lines bool) []byte {
	m.hash.Reset()
	text = m.decoded(kind, text)
	if lines {
		text = bytes.Join(bytes.Fields(text), nil)
	}
	_, _ = m.hash.Write(text) // a hash takes everything
	sum := m.hash.Sum(m.sum[:0])
	dst = append(append(append(dst, oursStart...), kind...), '-')
	return hex.AppendEncode(dst, sum[:hashBytes])
}

// decoded takes off what JSON, URLs and forms put around a value's characters, so that a code in a redirect and the same in a request
// to the token endpoint get one hash. A login name is the same in any case.
func (m *mask) decoded(kind Kind, text []byte) []byte {
	for range 3 {
		if bytes.IndexByte(text, '\\') < 0 {
			break
		}
		var s string
		if json.Unmarshal(append(append([]byte{'"'}, text...), '"'), &s) != nil {
			break
		}
		text = []byte(s)
	}
	for range 3 {
		if bytes.IndexByte(text, '%') < 0 {
			break
		}
		m.plain = unescape(m.plain[:0], text)
		text = bytes.Clone(m.plain)
	}
	if bytes.IndexByte(text, '&') >= 0 {
		text = withoutEntities(text)
	}
	if kind == RedactedName {
		text = bytes.ToLower(text)
	}
	return text
}

// unescape appends text with one layer of percent-encoding taken off.
func unescape(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			dst = append(dst, unhex(text[i+1])<<4|unhex(text[i+2]))
			i += 2
			continue
		}
		dst = append(dst, text[i])
	}
	return dst
}

// withoutEntities returns a text with the characters that references of HTML stand for.
func withoutEntities(text []byte) []byte {
	var plain []byte
	for i := 0; i < len(text); {
		n, c := entityAt(text[i:])
		if bytes.HasPrefix(text[i:], []byte("&amp;")) {
			n, c = len("&amp;"), '&'
		}
		if n == 0 {
			n, c = 1, text[i]
		}
		plain = append(plain, c)
		i += n
	}
	return plain
}
