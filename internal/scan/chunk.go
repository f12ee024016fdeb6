package scan

import (
	"bytes"
	"io"
)

// chunk is a piece of the text: text[lo:hi], with what stands around it.
type chunk struct {
	text   []byte
	lo, hi int
	last   bool  // the text ends at hi
	line   int64 // line breaks before lo
	lines  int64 // line breaks within
	offset int64 // bytes before lo

	before <-chan state // what is open at lo; nil for the first
	after  chan state   // what is open at hi

	out     []byte
	summary Summary
	done    chan struct{}
}

// cutter reads a text and cuts it into chunks.
type cutter struct {
	r           io.Reader
	size, ahead int
	live        bool

	rest   []byte // text that has been read, from a little before the last cut on
	back   int    // how much of rest lies before the last cut
	line   int64
	offset int64
	err    error // why there is no more text
}

// emptyReads is how often a reader may give nothing.
const emptyReads = 100

// next fills c with the next chunk; false says that there is none.
func (t *cutter) next(c *chunk) bool {
	if t.err != nil {
		return false
	}
	if room := behind + t.size + t.ahead; cap(c.text) < room {
		c.text = make([]byte, 0, room)
	}
	lo := t.back
	c.text = append(c.text[:0], t.rest...)
	b, err := t.fill(c.text, lo)
	t.err = err
	if len(b) == lo {
		return false
	}
	c.text, c.lo, c.hi, c.last = b, lo, len(b), t.err != nil
	c.line, c.offset = t.line, t.offset
	if !c.last {
		c.hi = t.cut(b, lo)
		t.back = min(behind, c.hi)
		t.rest = append(t.rest[:0], b[c.hi-t.back:]...)
		if b[c.hi-1] == '\n' {
			c.text = b[:c.hi] // no rule looks beyond the end of the line
		}
	}
	c.lines = int64(bytes.Count(b[lo:c.hi], []byte{'\n'}))
	t.line += c.lines
	t.offset += int64(c.hi - lo)
	return true
}

// fill reads until there is enough for a chunk, or, of a text that is still being written, until there is a line.
func (t *cutter) fill(b []byte, lo int) ([]byte, error) {
	most := lo + t.size + t.ahead
	for empty := 0; len(b) < most; {
		start := len(b)
		n, err := t.r.Read(b[start:most])
		b = b[:start+n]
		if err != nil {
			return b, err
		}
		if n == 0 {
			if empty++; empty == emptyReads {
				return b, io.ErrNoProgress
			}
			continue
		}
		if t.live && bytes.IndexByte(b[max(start, lo):], '\n') >= 0 {
			return b, nil
		}
	}
	return b, nil
}

// cut returns where the chunk that begins at lo ends: behind its last line, or, where a line is longer than a chunk, anywhere, with enough
// text left behind it for the rules to see.
func (t *cutter) cut(b []byte, lo int) int {
	if at := bytes.LastIndexByte(b[lo:], '\n'); at >= 0 {
		return lo + at + 1
	}
	return max(len(b)-t.ahead, lo+1)
}
