package scan

// redactor is the sink of a redaction.
type redactor struct {
	mask   *mask
	c      *chunk
	laid   laid
	joints []byte

	plain, decoded []byte // of a text in base64
}

func (r *redactor) begin(c *chunk) {
	r.c = c
	c.out = c.out[:0]
	c.summary = Summary{Found: make(map[string]int64)}
}

func (r *redactor) pass(text []byte) { r.c.out = append(r.c.out, text...) }

func (r *redactor) found(v *value, text []byte, _ bool, _ int) {
	r.joints = r.joints[:0]
	switch {
	case v.laid:
		// What stands between the pieces stays: lines keep their numbers, and programs remain programs.
		r.joints = r.laid.take(text, r.joints)
		text = r.laid.text
	case v.lines:
		for _, c := range text {
			if c == '\n' || c == '\r' {
				r.joints = append(r.joints, c)
			}
		}
		if v.base64 {
			r.plain = bareBase64(r.plain[:0], text)
			text = r.plain
		}
		if v.kind == RedactedJWT {
			r.decoded = decodeBase64(r.decoded[:0], text)
			text = r.decoded
		}
	}
	r.c.out = append(r.mask.append(r.c.out, v.kind, text, v.lines), r.joints...)
	r.c.summary.Found[string(v.kind)]++
}
