package scan

// markAll marks what a redaction looks for.
func (a *anchors) markAll(personal bool) {
	for _, part := range nameParts() {
		a.markAnyCase(hitName, part)
	}
	a.mark(hitWord, "Bea", "Bas")
	a.mark(hitURL, "://")
	a.mark(hitEscape, "%65", "%25")
	a.mark(hitEscape, `\u0`, `\U0`)
	a.mark(hitEscape, `\x6`)
	a.mark(hitEscape, "&#1", "&#x", "&#X", "&#0", "&#6")
	for _, part := range []string{"eyJ", "oke", "ecr", "swo", "ode"} {
		for _, p := range encodedParts(part) {
			a.mark(hitEncoded, p)
		}
	}
	for _, p := range encodedParts(`":"`) {
		a.mark(hitPart, p)
	}
	a.mark(hitPEM, "BEG", "AGE")
	a.mark(hitOption, " -u", "--u")
	a.mark(hitMember, `"d"`, `"p"`, `"q"`, `"k"`, `"t"`, `"r"`, `"d\`, `"p\`, `"q\`, `"k\`, `"dp`, `"dq`, `"qi`)
	a.markAnyCase(hitValue, "alu")
	if !personal {
		return
	}
	for _, part := range personalParts() {
		a.markAnyCase(hitName, part)
	}
	a.markByte(hitEmail, '@')
	a.markByte(hitPipe, '|')
	a.mark(hitPipe, "%7C", "%7c")
	a.mark(hitEmail, "%40")
}

// nameParts are three letters of each name that means something, those that are rarest in logs.
func nameParts() []string {
	return []string{"oke", "ode", "ecr", "swo", "swd", "sph", "sse", "iza", "oki", "aml", "pik", "i-k", "i_k", "bsc", "wre", "wsr"}
}

// personalParts are the same for names of which only a redaction of personal data knows.
func personalParts() []string {
	return []string{"ser", "log", "mai", "upn", "uni", "ive", "fam", "kna", "pho", "nam"}
}
