package scan

// markAll marks what a redaction looks for.
func (a *anchors) markAll(personal bool) {
	for _, part := range nameParts() {
		a.markAnyCase(hitName, part)
	}
	a.mark(hitWord, "Bea", "Bas")
	a.mark(hitURL, "://")
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
	return []string{"oke", "ode", "ecr", "swo", "swd", "sph", "sse", "iza", "oki", "aml", "pik", "i-k", "i_k", "bsc"}
}

// personalParts are the same for names of which only a redaction of personal data knows.
func personalParts() []string {
	return []string{"ser", "log", "mai", "upn", "uni", "ive", "fam", "kna", "pho"}
}
