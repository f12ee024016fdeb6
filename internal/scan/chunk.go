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
		if t.live && bytes.IndexByte(b[max(start, lo):], '\n') >= 0 && settled(b, lo) > lo {
			return b, nil
		}
	}
	return b, nil
}

// cut returns where the chunk that begins at lo ends: behind a line, or, where a line is longer than a chunk, anywhere, with enough
// text left behind it for the rules to see.
func (t *cutter) cut(b []byte, lo int) int {
	if t.live {
		if at := settled(b, lo); at > lo {
			return at
		}
	}
	most := max(len(b)-t.ahead, lo+1)
	if at := bytes.LastIndexByte(b[lo:most], '\n'); at >= 0 {
		return lo + at + 1
	}
	return most
}

// settled returns where those lines of b[lo:] end of which nothing depends on what comes next: of a text that is still being written the others
// wait for it. That is a line that ends within what may be a token, and the end of a member whose name may follow its value.
func settled(b []byte, lo int) int {
	end := lo + bytes.LastIndexByte(b[lo:], '\n') + 1
	for end > lo && end > len(b)-maxLaid {
		start := lo + bytes.LastIndexByte(b[lo:end-1], '\n') + 1
		if !goesOn(b[start : end-1]) {
			break
		}
		end = start
	}
	near := b[max(lo, end-reach):end]
	if at := bytes.LastIndex(near, []byte("alue")); at >= 0 && !bytes.ContainsAny(near[at:], "}>") {
		end -= len(near) - bytes.LastIndexByte(near[:at], '\n') - 1
	}
	return end
}

// goesOn reports whether a line ends within a token that isn't whole.
func goesOn(line []byte) bool {
	line = bytes.TrimRight(line, "\r =\\\"'`+&_.")
	dots, n := 0, 0
	for ; n < len(line); n++ {
		c := line[len(line)-1-n]
		if c == '.' {
			dots++
		} else if !isToken(c) && bytes.IndexByte([]byte("%\\&#;"), c) < 0 {
			break
		}
	}
	return n >= leastWidth && dots < 2
}
