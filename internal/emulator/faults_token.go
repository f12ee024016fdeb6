package emulator

import (
	"net/http"
	"strings"
	"time"
)

// signFor makes a token for a client, wrong in the ways that its faults ask for.
func (s *Server) signFor(r *http.Request, client string, key *signingKey, claims claimSet) (string, error) {
	if !s.anyFault() {
		return key.sign(claims)
	}
	claims, err := s.spoilClaims(r, client, claims)
	if err != nil {
		return "", err
	}
	if s.meets(r, client, FaultUnknownKey) != nil {
		if key, err = s.strangeKey(); err != nil {
			return "", err
		}
	}
	token, err := key.sign(claims)
	if err == nil && s.meets(r, client, FaultWrongSignature) != nil {
		token = otherSignature(token)
	}
	return token, err
}

func (s *Server) spoilClaims(r *http.Request, client string, claims claimSet) (claimSet, error) {
	if s.meets(r, client, FaultWrongIssuer) != nil {
		claims = claims.replaced("iss", "https://another-sts.invalid/")
	}
	if s.meets(r, client, FaultWrongAudience) != nil {
		claims = claims.replaced("aud", "another-client")
	}
	if claims.get("nonce") != nil && s.meets(r, client, FaultWrongNonce) != nil {
		nonce, err := s.newHandle()
		if err != nil {
			return nil, err
		}
		claims = claims.replaced("nonce", nonce)
	}
	if f := s.meets(r, client, FaultClockOffset); f != nil {
		claims = claims.shifted(f.Duration)
	}
	if s.meets(r, client, FaultExpiredToken) != nil {
		if end, ok := claims.seconds("exp"); ok {
			// Beyond the tolerance of every library for clocks that differ.
			claims = claims.shifted(s.now().Add(-time.Hour).Sub(end))
		}
	}
	return claims, nil
}

// replaced is the set with another value for a claim that it has.
func (c claimSet) replaced(name string, value any) claimSet {
	out := make(claimSet, 0, len(c))
	for _, member := range c {
		if member.Name == name {
			out = out.with(name, value)
		} else {
			out = append(out, member)
		}
	}
	return out
}

// shifted is the set with its times moved.
func (c claimSet) shifted(by time.Duration) claimSet {
	for _, name := range []string{"exp", "nbf", "iat", "auth_time"} {
		if at, ok := c.seconds(name); ok {
			c = c.replaced(name, at.Add(by.Truncate(time.Second)).Unix())
		}
	}
	return c
}

// otherSignature changes a letter in the middle of a token's signature, where each counts in full.
func otherSignature(token string) string {
	at := (strings.LastIndexByte(token, '.') + len(token)) / 2
	other := byte('A')
	if token[at] == other {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}

// makeStrangeKey makes a key that no JWK set has.
func (s *Server) makeStrangeKey() (*signingKey, error) {
	record, err := s.makeKey()
	if err != nil {
		return nil, err
	}
	return record.parse()
}
