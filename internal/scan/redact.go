package scan

// redactor is the sink of a redaction.
type redactor struct {
	mask   *mask
	c      *chunk
	laid   laid
	joints []byte
}

func (r *redactor) begin(c *chunk) {
	r.c = c
	c.out = c.out[:0]
	c.summary = Summary{Found: make(map[string]int64)}
}

func (r *redactor) pass(text []byte) { r.c.out = append(r.c.out, text...) }

func (r *redactor) found(v *value, text []byte, _ bool, _ int) {
	r.joints = r.joints[:0]
	if v.laid {
		// What stands between the pieces stays: lines keep their numbers, and programs remain programs.
		r.joints = r.laid.take(text, r.joints)
		text = r.laid.text
	}
	r.c.out = append(r.mask.append(r.c.out, v.kind, text), r.joints...)
	r.c.summary.Found[string(v.kind)]++
}
