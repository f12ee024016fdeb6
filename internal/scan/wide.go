package scan

import (
	"bytes"
	"errors"
	"io"
)

// Wide is a text in UTF-16 (RFC 2781) that is read, and written again, byte for byte. In between each unit of sixteen bits is one character, of one to three
// bytes as in UTF-8: pairs of surrogates need not be understood, and broken ones stay what they are.
type Wide struct{ big bool }

// unit is the one in two bytes.
func (w Wide) unit(a, b byte) uint16 {
	if w.big {
		a, b = b, a
	}
	return uint16(a) | uint16(b)<<8
}

func (w Wide) append(dst []byte, u uint16) []byte {
	a, b := byte(u), byte(u>>8) //nolint:gosec // the halves are meant
	if w.big {
		a, b = b, a
	}
	return append(dst, a, b)
}

var errHalf = errors.New("the text in UTF-16 ends within a character")

// wideReader reads UTF-16 as what Wide has in between.
type wideReader struct {
	Wide
	r    io.Reader
	in   [16 << 10]byte
	have int // bytes of in that are no whole unit
	out  []byte
	rest []byte // of out
	err  error
}

func (r *wideReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var n int
		n, r.err = r.r.Read(r.in[r.have:])
		n += r.have
		r.out = r.out[:0]
		for i := 0; i+2 <= n; i += 2 {
			r.out = appendUnit(r.out, r.unit(r.in[i], r.in[i+1]))
		}
		if r.have = n & 1; r.have == 1 {
			r.in[0] = r.in[n-1]
			if errors.Is(r.err, io.EOF) {
				r.err = errHalf
			}
		}
		r.rest = r.out
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func appendUnit(dst []byte, u uint16) []byte {
	switch {
	case u < 0x80:
		return append(dst, byte(u))
	case u < 0x800:
		return append(dst, 0xc0|byte(u>>6), 0x80|byte(u&0x3f))
	}
	return append(dst, 0xe0|byte(u>>12), 0x80|byte(u>>6&0x3f), 0x80|byte(u&0x3f))
}

// Writer returns a writer that writes to w in UTF-16 what was read from it.
func (w Wide) Writer(to io.Writer) io.Writer { return &wideWriter{Wide: w, w: to} }

type wideWriter struct {
	Wide
	w    io.Writer
	rest []byte // the start of a character
	out  []byte
}

func (w *wideWriter) Write(p []byte) (int, error) {
	text := p
	if len(w.rest) > 0 {
		w.rest = append(w.rest, p...)
		text = w.rest
	}
	w.out = w.out[:0]
	i := 0
	for i < len(text) {
		c, n := text[i], 1
		switch {
		case c >= 0xe0:
			n = 3
		case c >= 0xc0:
			n = 2
		}
		if i+n > len(text) {
			break
		}
		u := uint16(c)
		switch n {
		case 2:
			u = uint16(c&0x1f)<<6 | uint16(text[i+1]&0x3f)
		case 3:
			u = uint16(c&0xf)<<12 | uint16(text[i+1]&0x3f)<<6 | uint16(text[i+2]&0x3f)
		}
		w.out = w.append(w.out, u)
		i += n
	}
	w.rest = append(w.rest[:0], bytes.Clone(text[i:])...)
	if _, err := w.w.Write(w.out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// wideAt tells UTF-16 by its first bytes: its mark, or that every other byte is zero, as in Latin text.
func wideAt(b []byte) (Wide, bool) {
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return Wide{}, true
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return Wide{big: true}, true
	case len(b) < 8:
		return Wide{}, false
	}
	var zeros [2]int
	for i, c := range b[:8] {
		if c == 0 {
			zeros[i&1]++
		}
	}
	return Wide{big: zeros[0] == 4}, zeros == [2]int{0, 4} || zeros == [2]int{4, 0}
}
