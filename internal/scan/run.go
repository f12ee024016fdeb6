package scan

import (
	"context"
	"errors"
	"io"
)

// run reads r, lets workers search it, and writes what they make of it in the order of the text.
func run(ctx context.Context, w io.Writer, r io.Reader, o Options, newSearcher func() *searcher) (Summary, error) {
	workers := min(max(o.Workers, 1), maxWorkers)
	t := &cutter{r: r, size: o.Chunk, live: o.Live, ahead: o.ahead}
	if t.size <= 0 {
		t.size = max(min(allChunks/workers, mostChunk), leastChunk)
	}
	if t.ahead <= 0 {
		t.ahead = ahead
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	chunks := workers + workers/2 + 2
	free, work, order := make(chan *chunk, chunks), make(chan *chunk, chunks), make(chan *chunk, chunks)
	for range chunks {
		free <- &chunk{done: make(chan struct{}, 1)}
	}
	for range workers {
		go search(work, newSearcher())
	}
	go cutAll(ctx, t, free, work, order)
	return write(ctx, w, o, t, order, free)
}

// cutAll hands out chunks until the text ends.
func cutAll(ctx context.Context, t *cutter, free <-chan *chunk, work, order chan<- *chunk) {
	defer close(order)
	defer close(work)
	var before chan state
	for {
		var c *chunk
		select {
		case c = <-free:
		case <-ctx.Done():
			return
		}
		if !t.next(c) {
			return
		}
		c.before, c.after = before, make(chan state, 1)
		before = c.after
		// There is room for all chunks.
		work <- c
		order <- c
	}
}

// search works off chunks. What is open at a chunk's start is seldom anything, so it begins without waiting for the chunk before, and does
// it once more where there was something.
func search(work <-chan *chunk, s *searcher) {
	for c := range work {
		var st, end state
		known := c.before == nil
		if !known {
			select {
			case st = <-c.before:
				known = true
			default:
			}
		}
		end = s.search(c, st)
		if !known {
			if st = <-c.before; !st.nothing() {
				end = s.search(c, st)
			}
		}
		c.after <- end
		c.done <- struct{}{}
	}
}

// write writes what the chunks became.
func write(ctx context.Context, w io.Writer, o Options, t *cutter, order <-chan *chunk, free chan<- *chunk) (sum Summary, err error) {
	for {
		var c *chunk
		var more bool
		select {
		case c, more = <-order:
		case <-ctx.Done():
			return sum, context.Cause(ctx)
		}
		if !more {
			break
		}
		select {
		case <-c.done:
		case <-ctx.Done():
			return sum, context.Cause(ctx)
		}
		if len(c.out) > 0 {
			if _, err := w.Write(c.out); err != nil {
				return sum, &WriteError{err}
			}
		}
		sum.Add(c.summary)
		sum.Bytes, sum.Lines = c.offset+int64(c.hi-c.lo), c.line+c.lines
		if c.last && c.text[c.hi-1] != '\n' {
			sum.Lines++
		}
		if o.Progress != nil {
			o.Progress(sum.Bytes)
		}
		if cap(c.out) > 8*t.size {
			c.out = nil // one chunk in which much was found shall not hold memory for ever
		}
		free <- c
	}
	// The cutter has ended: order is closed.
	if err := ctx.Err(); err != nil {
		return sum, err
	}
	if !errors.Is(t.err, io.EOF) {
		return sum, t.err
	}
	return sum, nil
}

// WriteError says that the output couldn't be written.
type WriteError struct{ Err error }

// Error is that of the writer.
func (e *WriteError) Error() string { return "write: " + e.Err.Error() }

// Unwrap gives the writer's error.
func (e *WriteError) Unwrap() error { return e.Err }
