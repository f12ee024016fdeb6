package provider

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"strings"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// The checks below tie a token to one login: to its request, to what came with it, and to its user.

// nonce is named and never shown.
func (c *checker) nonce() Check {
	row := Check{Name: "nonce", Outcome: Passed, Source: "OpenID Connect Core 3.1.3.7 (11)"}
	_, there := c.jwt.Claims.Get("nonce")
	v, _ := c.jwt.Claims.String("nonce")
	got := token.NewSecret(v)
	switch c.r.Use {
	case AtLogin:
		switch {
		case !there && c.r.Nonce.IsZero():
			row.Outcome, row.Detail = NotMade, "none was sent"
		case !there:
			row.Outcome, row.Detail = Failed, "one was sent, and the token has none"
		case c.r.Nonce.IsZero():
			row.Outcome, row.Detail = Failed, "none was sent, and the token has one: it answers another request"
		case !got.Equal(c.r.Nonce):
			row.Outcome, row.Detail = Failed, "it isn't the one sent: the token answers another request"
		}
	case AtRefresh:
		row.Source = sourceRefresh
		if !there {
			row.Outcome, row.Detail = NotMade, "the token has none, as after a refresh it should"
			break
		}
		if c.r.Previous == nil {
			row.Outcome, row.Detail = NotMade, "the login's ID token isn't there to compare with"
			break
		}
		before, _ := c.r.Previous.Claims.String("nonce")
		if before == "" || !got.Equal(token.NewSecret(before)) {
			row.Outcome, row.Detail = Failed, "it isn't the login's"
		}
	default:
		row.Outcome, row.Detail = NotMade, "it can be checked at the login only"
	}
	return row
}

func (c *checker) authTime() Check {
	row := Check{Name: "auth_time", Outcome: Passed, Source: "OpenID Connect Core 3.1.3.7 (13)"}
	at, there, problem := c.moment("auth_time")
	if problem == "" {
		row.Got = stamp(at)
	}
	began := c.r.Began
	if began.IsZero() {
		began = c.now
	}
	switch {
	case c.r.Use == AtLogin && c.r.MaxAge >= 0:
		row.Expected = "not before " + stamp(began.Add(-c.r.MaxAge))
		switch {
		case problem != "":
			row.Outcome, row.Detail = Failed, problem+", though max_age was sent"
		case began.Sub(at) > c.r.MaxAge+c.skew:
			row.Outcome, row.Detail = Failed, "the user signed in longer ago than max_age"+c.butClock(true)
		case at.After(c.now.Add(c.skew)):
			row.Outcome, row.Detail = Failed, c.clocked("it lies in the future", false)
		}
	case c.r.Use == AtRefresh && there && c.r.Previous != nil:
		row.Source = sourceRefresh
		before, ok := c.r.Previous.Claims.Time("auth_time")
		switch {
		case !ok:
			row.Outcome, row.Detail = NotMade, "the login's ID token has none to compare with"
		case !at.Equal(before):
			row.Outcome, row.Expected, row.Detail = Failed, stamp(before), "it isn't the login's"
		default:
			row.Expected = stamp(before)
		}
	case c.r.Use == AtLogin:
		row.Outcome, row.Detail = NotMade, "max_age wasn't sent"
	case c.r.Use == AtRefresh:
		row.Outcome, row.Detail, row.Source = NotMade, "there is nothing to compare", sourceRefresh
	default:
		row.Outcome, row.Detail = NotMade, "it is asked at a login and a refresh only"
	}
	return row
}

func (c *checker) atHash() Check {
	return c.hash("at_hash", "the access token", c.r.Access, "OpenID Connect Core 3.1.3.8")
}

func (c *checker) cHash() Check {
	return c.hash("c_hash", "the code", c.r.Code, "OpenID Connect Core 3.3.2.10")
}

// hash compares a claim with the left half of a value's hash (OpenID Connect Core 3.1.3.6).
func (c *checker) hash(claim, of string, value token.Secret, source string) Check {
	row := Check{Name: claim, Outcome: Passed, Source: source}
	_, there := c.jwt.Claims.Get(claim)
	got, _ := c.jwt.Claims.String(claim)
	switch {
	case !there && c.r.FromBrowser && !value.IsZero():
		row.Outcome, row.Detail = Failed, "it is missing, and nothing else ties "+of+" to the token: both came through the browser"
		return row
	case !there:
		row.Outcome, row.Detail = NotMade, detailNone
		return row
	case value.IsZero():
		row.Outcome, row.Detail = NotMade, of+" isn't there to compare with"
		return row
	}
	row.Expected, row.Got = leftHalfHash(c.jwt.Header.Algorithm(), value), clip(got, maxShown)
	switch {
	case row.Expected == "":
		row.Outcome, row.Detail = NotMade, "the algorithm isn't allowed, and its hash isn't known"
	case got != row.Expected:
		row.Outcome, row.Detail = Failed, "the ID token belongs to something else than "+of
	}
	return row
}

// leftHalfHash uses the hash that the signature algorithm's name ends with; Ed25519's is SHA-512. "" for another.
func leftHalfHash(alg string, value token.Secret) string {
	var sum []byte
	v := []byte(value.Reveal())
	switch {
	case strings.HasSuffix(alg, "256"):
		h := sha256.Sum256(v)
		sum = h[:]
	case strings.HasSuffix(alg, "384"):
		h := sha512.Sum384(v)
		sum = h[:]
	case strings.HasSuffix(alg, "512"), alg == "EdDSA", alg == "Ed25519":
		h := sha512.Sum512(v)
		sum = h[:]
	}
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

func (c *checker) subject() Check {
	row := Check{Name: "subject", Outcome: Passed, Source: "OpenID Connect Core 2"}
	_, there := c.jwt.Claims.Get("sub")
	sub, _ := c.jwt.Claims.String("sub")
	row.Got = clip(sub, maxShown)
	switch {
	case !there && c.r.Use == AsAccess:
		row.Outcome, row.Detail = NotMade, detailNone
	case sub == "":
		row.Outcome, row.Detail = Failed, "sub is missing, empty or no string"
	case c.r.Previous != nil:
		row.Source = c.sourcePrevious()
		before, _ := c.r.Previous.Claims.String("sub")
		row.Expected = clip(before, maxShown)
		if before == sub {
			break
		}
		if same, _ := sims.SameSubject(before, sub); c.subjectTail && same {
			row.Detail = "its fifth part has changed, which this kind of provider does"
			break
		}
		row.Outcome, row.Detail = Failed, "it is another user than before"
	}
	return row
}
