package scan

// sink takes what a search finds in one chunk, in the order of the text.
type sink interface {
	// begin starts a chunk, maybe for a second time.
	begin(c *chunk)
	// pass takes text that nothing was found in.
	pass(text []byte)
	// found takes a value. cut says that it was longer than text, and at is where in the chunk it ends.
	found(v *value, text []byte, cut bool, at int)
}

// searcher is what one goroutine searches with.
type searcher struct {
	finder
	sink sink
}

// search goes over a chunk. st is what is open at its start; what is open at its end is returned.
func (s *searcher) search(c *chunk, st state) state {
	b, lo, hi := c.text, c.lo, c.hi
	s.finder.begin()
	s.sink.begin(c)
	from := lo + st.behind // b[:from] has been dealt with
	st.behind = 0
	from, ok := s.read(c, &st, from)
	if !ok {
		return st
	}
	end := min(len(b), hi+reach)
	for i := max(lo-near, 0); ; i++ {
		var h hit
		if i, h = s.next(b, i, end); h == 0 {
			break
		}
		m, found := s.look(b, i, h, from)
		if !found {
			continue
		}
		if m.at >= hi {
			break // the next chunk's, and so is all behind it
		}
		s.sink.pass(b[from:m.at])
		st = state{open: m.list == noList, value: m.value, list: m.list, quote: m.value.quote}
		if from, ok = s.read(c, &st, m.at); !ok {
			return st
		}
		// A chunk that begins here would look back so far.
		i = max(i, from-near)
	}
	if from < hi {
		s.sink.pass(b[from:hi])
	} else {
		st.behind = from - hi
	}
	return st
}

// read goes on with what is open at c.text[from], value by value if it is a list, and returns from where on text is to be searched again.
// ok is false when the chunk ends before that.
func (s *searcher) read(c *chunk, st *state, from int) (at int, ok bool) {
	b := c.text
	for {
		if st.open {
			at, done := st.value.end(b, from, c.hi, c.last)
			if !done {
				st.keep(b[from:at])
				st.behind = at - c.hi
				return at, false
			}
			text := b[from:at]
			if st.kept != nil || len(text) > maxKept {
				st.keep(text)
				text = st.kept
			}
			if len(text) > 0 {
				s.sink.found(&st.value, text, st.cut, at)
			}
			st.open, st.kept, st.cut, from = false, nil, false, at
		}
		if st.list == noList {
			return from, true
		}
		at, found := st.item(b, from, c.hi)
		s.sink.pass(b[from:at])
		from, st.open = at, found
		if !found && st.list != noList {
			st.behind = max(at-c.hi, 0)
			return at, false
		}
	}
}
