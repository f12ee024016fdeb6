package scan

// redactor is the sink of a redaction.
type redactor struct {
	mask *mask
	c    *chunk
}

func (r *redactor) begin(c *chunk) {
	r.c = c
	c.out = c.out[:0]
	c.summary = Summary{Found: make(map[string]int64)}
}

func (r *redactor) pass(text []byte) { r.c.out = append(r.c.out, text...) }

func (r *redactor) found(v *value, text []byte, _ bool, _ int) {
	r.c.out = r.mask.append(r.c.out, v.kind, text)
	r.c.summary.Found[string(v.kind)]++
}
