package scan

import (
	"bytes"
	"math/bits"
)

// A hit says which rules may apply where three bytes stand.
type hit uint16

const (
	hitJWT     hit = 1 << iota // "eyJ" and its like: the start of an encoded JSON object
	hitName                    // within a name that may be a credential's
	hitWord                    // "Bearer", "Basic"
	hitURL                     // "://"
	hitEmail                   // "@"
	hitPipe                    // "|"
	hitEscape                  // the start of an escape that may spell a letter
	hitEncoded                 // what a token or a credential's name is within base64
	hitPart                    // what a JSON text is within base64: of a token whose start is missing
	hitPEM                     // "-----BEGIN"
	hitOption                  // curl's -u
	hitValue                   // within "value"
	hitMember                  // a member of a private key (RFC 7517, RFC 7518)
)

// anchors are the groups of three bytes at which rules are tried. Text is looked at for them as one goes over a page with a stencil: most of it
// is nothing, and is passed by many bytes at a time.
type anchors struct {
	groups  [][]string // that were marked
	stencil stencil
	hits    [1 << hashBits]hit // by the hash of three bytes; another group may have the same one
	first   [256]hit           // of anchors that are one byte
	classes [3][256]uint8      // in which of the stencil's buckets a byte may be the first, second or third
	wide    bool               // the processor has what markBlocks needs
}

const hashBits = 14

// hashOf is of the three bytes at the start of b.
func hashOf(b []byte) uint32 {
	_ = b[2]
	return (uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16) * 0x9E3779B1 >> (32 - hashBits)
}

// stencil has eight buckets of anchors, a bit each. Whether a byte may belong to one of a bucket is told by its low and by its high half: there
// are tables of sixteen for both, for each of three bytes in a row, in the order low, high.
type stencil [6][16]uint8

// admits reports in which buckets the three bytes at the start of b may be anchors.
func (s *stencil) admits(b []byte) uint8 {
	m := uint8(0xff)
	for k := range 3 {
		m &= s[2*k][b[k]&15] & s[2*k+1][b[k]>>4]
	}
	return m
}

// weight is how much of a text a bucket lets pass, by how often its bytes come in logs.
func (s *stencil) weight(bucket int, often *[256]int) int {
	w := 1
	for k := range 3 {
		sum := 0
		for high := range 16 {
			if s[2*k+1][high]>>bucket&1 == 0 {
				continue
			}
			for low := range 16 {
				if s[2*k][low]>>bucket&1 == 1 {
					sum += often[high<<4|low]
				}
			}
		}
		w *= sum
	}
	return w
}

// often is about how many of 250 characters of logs and JSON are c.
func often(c byte) int {
	const rank = "etaonisrdlcpumhgfvbwykxzjq"
	switch {
	case c == ' ':
		return 14
	case c == '"':
		return 10
	case c >= '0' && c <= '9':
		return 5
	case bytes.IndexByte([]byte(":,./=-_"), c) >= 0:
		return 4
	case c >= 'a' && c <= 'z':
		return 1 + (len(rank)-bytes.IndexByte([]byte(rank), c))/2
	case c > ' ' && c < 0x7f:
		return 1
	}
	return 0
}

// fit puts groups of alternatives for three bytes into buckets, each where it costs least, and looks again when all have a place.
func fit(groups [][]string) stencil {
	place := make([]int, len(groups))
	for i := range place {
		place[i] = -1
	}
	bucketOf := func(bucket, but int) stencil {
		var s stencil
		for i, g := range groups {
			if place[i] == bucket && i != but {
				s.add(bucket, g)
			}
		}
		return s
	}
	var frequency [256]int
	for c := range frequency {
		frequency[c] = often(byte(c))
	}
	const rounds = 2
	var buckets [8]stencil // each with its own groups alone
	var weights [8]int
	for range rounds {
		for i, g := range groups {
			if p := place[i]; p >= 0 {
				buckets[p] = bucketOf(p, i)
				weights[p] = buckets[p].weight(p, &frequency)
			}
			least := -1
			var best int
			for bucket, without := range buckets {
				with := without
				with.add(bucket, g)
				if cost := with.weight(bucket, &frequency) - weights[bucket]; least < 0 || cost < least {
					best, least = bucket, cost
				}
			}
			place[i] = best
			buckets[best].add(best, g)
			weights[best] += least
		}
	}
	var s stencil
	for i, g := range groups {
		s.add(place[i], g)
	}
	return s
}

// add puts a group into a bucket.
func (s *stencil) add(bucket int, group []string) {
	for _, a := range group {
		for k := range 3 {
			s.admit(k, bucket, a)
		}
	}
}

// admit lets byte k of an anchor, or any where it has none, pass.
func (s *stencil) admit(k, bucket int, anchor string) {
	if k < len(anchor) {
		s[2*k][anchor[k]&15] |= 1 << bucket
		s[2*k+1][anchor[k]>>4] |= 1 << bucket
		return
	}
	for i := range 16 {
		s[2*k][i] |= 1 << bucket
		s[2*k+1][i] |= 1 << bucket
	}
}

// newAnchors makes the anchors of a list, or of a redaction.
func newAnchors(all, personal bool) *anchors {
	a := &anchors{wide: hasWide()}
	// {" followed by a letter, a space or a digit; { and white space.
	for _, start := range []string{"eyJ", "eyA", "eyI", "ewo", "ew0", "ewk"} {
		a.mark(hitJWT, start)
	}
	if all {
		a.markAll(personal)
	}
	a.stencil = fit(a.groups)
	for c := range 256 {
		for k := range 3 {
			a.classes[k][c] = a.stencil[2*k][c&15] & a.stencil[2*k+1][c>>4]
		}
	}
	return a
}

// mark adds three bytes, or several that differ little.
func (a *anchors) mark(h hit, alternatives ...string) {
	for _, t := range alternatives {
		a.hits[hashOf([]byte(t))] |= h
	}
	a.groups = append(a.groups, alternatives)
}

// markAnyCase marks three letters in capitals or not.
func (a *anchors) markAnyCase(h hit, three string) {
	var all []string
	for set := range 8 {
		b := []byte(three)
		for i := range b {
			if set>>i&1 == 1 && isLetter(b[i]) {
				b[i] -= 'a' - 'A'
			}
		}
		all = append(all, string(b))
	}
	a.mark(h, all...)
}

// markByte marks one byte, whatever stands behind it.
func (a *anchors) markByte(h hit, c byte) {
	a.first[c] |= h
	a.groups = append(a.groups, []string{string(rune(c))})
}

// block is how much text is marked at once: what is marked in vain, because a value reaches over it, is little.
const block = 4096

// cursor goes over a text from anchor to anchor. It belongs to one goroutine.
type cursor struct {
	*anchors
	words    [block / 64]uint64 // a bit for each byte of b[from:to]
	from, to int
}

// reset forgets the text that was marked.
func (c *cursor) reset() { c.from, c.to = 0, 0 }

// next returns the first place at or behind i where an anchor begins that ends before end, and which; end when there is none.
func (c *cursor) next(b []byte, i, end int) (int, hit) {
	for i+3 <= end {
		if i < c.from || i >= c.to {
			c.mark64(b[:end], i)
		}
		at := (i - c.from) / 64
		w := c.words[at] &^ (1<<((i-c.from)%64) - 1)
		for w == 0 {
			if at++; c.from+at*64 >= c.to {
				break
			}
			w = c.words[at]
		}
		for ; w != 0; w &= w - 1 {
			p := c.from + at*64 + bits.TrailingZeros64(w)
			if p+3 > end {
				return end, 0
			}
			if h := c.hits[hashOf(b[p:])] | c.first[b[p]]; h != 0 {
				return p, h
			}
		}
		i = min(c.from+(at+1)*64, c.to)
	}
	return end, 0
}

// mark64 marks the block that begins at i.
func (c *cursor) mark64(b []byte, i int) {
	c.from = i
	whole := 0
	if room := len(b) - i - 2; c.wide && room >= 64 {
		whole = min(room/64, block/64)
		markBlocks(&c.words[0], &b[i], whole, &c.stencil)
	}
	c.to = i + whole*64
	if whole > 0 {
		return
	}
	// Without such a processor, and for the last few bytes.
	to := min(len(b)-2, i+block)
	clear(c.words[:(to-i+63)/64])
	for j := i; j < to; j++ {
		if c.classes[0][b[j]]&c.classes[1][b[j+1]]&c.classes[2][b[j+2]] != 0 {
			c.words[(j-i)/64] |= 1 << ((j - i) % 64)
		}
	}
	c.to = to
}
