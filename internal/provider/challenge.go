package provider

import "strings"

// challenge is one challenge of WWW-Authenticate (RFC 9110 section 11.6.1), its names in lower case.
type challenge struct {
	scheme string
	params map[string]string
}

// maxChallenges bounds how many challenges, and how many parameters of each, are read.
const maxChallenges = 20

// parseChallenges reads the challenges of all WWW-Authenticate lines. A line that breaks the grammar counts as far as it
// could be read. The comma separates both challenges and parameters: a word followed by an equals sign is a parameter, any
// other begins a challenge.
func parseChallenges(lines []string) []challenge {
	var all []challenge
	for _, line := range lines {
		var current *challenge
		s := scanner{line}
		for len(all) < maxChallenges {
			s.skip(" \t,")
			word := s.take(isTokenByte)
			if word == "" {
				break
			}
			before := s.rest
			s.skip(" \t")
			if current != nil && s.eat('=') {
				value, ok := s.value()
				if !ok {
					break
				}
				name := strings.ToLower(word)
				// RFC 9110 section 11.2: a name comes once only; the first one counts.
				if _, there := current.params[name]; !there && len(current.params) < maxChallenges {
					current.params[name] = value
				}
				continue
			}
			if before != "" && before == s.rest && before[0] != ',' {
				break
			}
			all = append(all, challenge{strings.ToLower(word), map[string]string{}})
			current = &all[len(all)-1]
			s.skipToken68()
		}
	}
	return all
}

// scanner walks over one header line.
type scanner struct {
	rest string
}

func (s *scanner) skip(set string) { s.rest = strings.TrimLeft(s.rest, set) }

func (s *scanner) eat(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) take(ok func(byte) bool) string {
	n := 0
	for n < len(s.rest) && ok(s.rest[n]) {
		n++
	}
	taken := s.rest[:n]
	s.rest = s.rest[n:]
	return taken
}

// value reads a parameter's value, a token or a quoted string; ok is false where there is neither.
func (s *scanner) value() (value string, ok bool) {
	s.skip(" \t")
	if !s.eat('"') {
		value = s.take(isTokenByte)
		return value, value != ""
	}
	var b strings.Builder
	for i := 0; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '"' {
			s.rest = s.rest[i+1:]
			return b.String(), true
		}
		if c == '\\' && i+1 < len(s.rest) {
			i++
			c = s.rest[i]
		}
		b.WriteByte(c)
	}
	return "", false
}

// skipToken68 goes past the one piece of base64 that some schemes have in place of parameters.
func (s *scanner) skipToken68() {
	t := scanner{s.rest}
	if t.take(isToken68Byte) == "" {
		return
	}
	t.skip("=")
	t.skip(" \t")
	if t.rest == "" || t.rest[0] == ',' {
		s.rest = t.rest
	}
}

func isTokenByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isToken68Byte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("-._~+/", c) >= 0
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
