package provider

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

const (
	sourceForm      = "RFC 7519 7.2, RFC 8725 3.11"
	sourceAlgorithm = "OpenID Connect Core 3.1.3.7 (7), RFC 8725 3.1"
	sourceKey       = "OpenID Connect Core 10.1"
	sourceSignature = "OpenID Connect Core 3.1.3.7 (6)"
	sourceRefresh   = "OpenID Connect Core 12.2"

	detailNone = "the token has none"
)

// checker holds one token against one request; each method makes one row.
type checker struct {
	p    *Provider
	r    VerifyRequest
	jwt  *token.JWT
	now  time.Time
	skew time.Duration
}

// form looks at what the header demands of its reader.
func (c *checker) form() Check {
	row := Check{Name: "form", Outcome: Passed, Source: sourceForm}
	typ := strings.TrimPrefix(strings.ToLower(c.jwt.Header.Type()), "application/")
	if _, critical := c.jwt.Header.Get("crit"); critical {
		row.Outcome, row.Source = Failed, "RFC 7515 4.1.11"
		row.Detail = "the header's crit demands extensions that aren't known here"
		return row
	}
	// A token that says what it is says also what it isn't: an access token of RFC 9068, a logout token, a signed request.
	if strings.HasSuffix(typ, "+jwt") && (c.r.Use != AsAccess || typ != "at+jwt") {
		row.Outcome, row.Detail = Failed, "by its typ the token is for something else"
		row.Expected, row.Got = "JWT", clip(c.jwt.Header.Type(), maxShown)
	}
	return row
}

func (c *checker) algorithm() Check {
	allowed := allowedAlgorithms(c.p.Metadata.IDTokenAlgs)
	row := Check{
		Name: "algorithm", Outcome: Passed, Source: sourceAlgorithm,
		Expected: strings.Join(allowed, ", "), Got: clip(c.jwt.Header.Algorithm(), maxShown),
	}
	switch {
	case len(allowed) == 0:
		row.Outcome, row.Detail = Failed, "the provider names no algorithm that is safe to take"
	case !slices.Contains(allowed, c.jwt.Header.Algorithm()):
		row.Outcome, row.Detail = Failed, "the provider's metadata doesn't name it, or it is never taken"
	}
	return row
}

func (c *checker) issuer() Check {
	expected := c.p.Metadata.Issuer
	got, isString := c.jwt.Claims.String("iss")
	row := Check{
		Name: "issuer", Outcome: Passed, Source: "OpenID Connect Core 3.1.3.7 (2)",
		Expected: expected, Got: clip(got, maxShown),
	}
	switch {
	case !isString || got == "":
		row.Outcome, row.Detail = Failed, "iss is missing or no string"
	case got != expected:
		row.Outcome = Failed
		if differBySlash(expected, got) {
			row.Detail = "they differ by a trailing slash alone"
		}
	case c.r.Use == AtRefresh && c.r.Previous != nil:
		if before, _ := c.r.Previous.Claims.String("iss"); before != got {
			row.Outcome, row.Source = Failed, sourceRefresh
			row.Expected, row.Detail = clip(before, maxShown), "it was another at the login"
		}
	}
	return row
}

func (c *checker) audience() Check {
	aud := c.jwt.Claims.Strings("aud")
	row := Check{
		Name: "audience", Outcome: Passed, Source: "OpenID Connect Core 3.1.3.7 (3)",
		Expected: c.r.ClientID, Got: clip(strings.Join(aud, ", "), maxShown),
	}
	switch {
	case c.r.Use == AsAccess:
		row.Outcome, row.Expected, row.Source = NotMade, "", "RFC 9068 4"
		row.Detail = "an access token's audience is the API, which checks it"
	case c.r.ClientID == "":
		row.Outcome, row.Detail = Failed, "there is no client id to hold it against"
	case len(aud) == 0:
		row.Outcome, row.Detail = Failed, "aud is missing, or neither a string nor an array of strings"
	case !slices.Contains(aud, c.r.ClientID):
		row.Outcome, row.Detail = Failed, "the token is for another client"
	}
	return row
}

func (c *checker) authorizedParty() Check {
	_, there := c.jwt.Claims.Get("azp")
	azp, _ := c.jwt.Claims.String("azp")
	row := Check{
		Name: "authorized party", Outcome: Passed, Source: "OpenID Connect Core 3.1.3.7 (4), (5)",
		Expected: c.r.ClientID, Got: clip(azp, maxShown),
	}
	switch {
	case c.r.Use == AsAccess:
		row.Outcome, row.Expected, row.Detail = NotMade, "", "it is asked of ID tokens only"
	case !there && len(c.jwt.Claims.Strings("aud")) > 1:
		row.Outcome, row.Detail = Failed, "the token is for several clients and azp doesn't say for which"
	case !there:
		row.Outcome, row.Expected, row.Detail = NotMade, "", "no azp, and with one audience none is needed"
	case azp != c.r.ClientID || azp == "":
		row.Outcome, row.Detail = Failed, "the token was issued to another client"
	}
	return row
}

// moment reads a claim that is a time; problem says why it can't be used.
func (c *checker) moment(claim string) (t time.Time, there bool, problem string) {
	if _, there = c.jwt.Claims.Get(claim); !there {
		return time.Time{}, false, claim + " is missing"
	}
	t, ok := c.jwt.Claims.Time(claim)
	if !ok {
		return time.Time{}, true, claim + " is no time"
	}
	return t, true, ""
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (c *checker) expiry() Check {
	row := Check{Name: "expiry", Outcome: Passed, Source: "OpenID Connect Core 3.1.3.7 (9)", Expected: "after " + stamp(c.now)}
	exp, _, problem := c.moment("exp")
	switch {
	case problem != "":
		row.Outcome, row.Detail = Failed, problem
		return row
	case !c.now.Before(exp.Add(c.skew)):
		row.Outcome, row.Detail = Failed, "the token has expired, by this machine's clock"
	}
	row.Got = stamp(exp)
	return row
}

func (c *checker) issuedAt() Check {
	row := Check{
		Name: "issued at", Outcome: Passed, Source: "OpenID Connect Core 3.1.3.7 (10)",
		Expected: "not after " + stamp(c.now),
	}
	iat, there, problem := c.moment("iat")
	switch {
	case !there && c.r.Use == AsAccess:
		row.Outcome, row.Expected, row.Detail = NotMade, "", detailNone
		return row
	case problem != "":
		row.Outcome, row.Detail = Failed, problem
		return row
	case iat.After(c.now.Add(c.skew)):
		row.Outcome, row.Detail = Failed, "the token was issued in the future, by this machine's clock"
	}
	row.Got = stamp(iat)
	return row
}

func (c *checker) notBefore() Check {
	row := Check{Name: "not before", Outcome: Passed, Source: "RFC 7519 4.1.5", Expected: "not after " + stamp(c.now)}
	nbf, there, problem := c.moment("nbf")
	switch {
	case !there:
		row.Outcome, row.Expected, row.Detail = NotMade, "", detailNone
		return row
	case problem != "":
		row.Outcome, row.Detail = Failed, problem
		return row
	case nbf.After(c.now.Add(c.skew)):
		row.Outcome, row.Detail = Failed, "the token isn't valid yet, by this machine's clock"
	}
	row.Got = stamp(nbf)
	return row
}

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
	switch {
	case c.r.Use == AtLogin && c.r.MaxAge >= 0:
		row.Expected = "not before " + stamp(c.now.Add(-c.r.MaxAge))
		switch {
		case problem != "":
			row.Outcome, row.Detail = Failed, problem+", though max_age was sent"
		case c.now.Sub(at) > c.r.MaxAge+c.skew:
			row.Outcome, row.Detail = Failed, "the user signed in longer ago than max_age"
		case at.After(c.now.Add(c.skew)):
			row.Outcome, row.Detail = Failed, "it lies in the future, by this machine's clock"
		}
	case c.r.Use == AtRefresh && there && c.r.Previous != nil:
		row.Source = sourceRefresh
		before, ok := c.r.Previous.Claims.Time("auth_time")
		switch {
		case !ok:
			row.Outcome, row.Detail = NotMade, "the login's ID token has none to compare with"
		case problem != "" || !at.Equal(before):
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
	case strings.HasSuffix(alg, "512"), alg == "EdDSA":
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
	case c.r.Use == AtRefresh && c.r.Previous != nil:
		row.Source = sourceRefresh
		before, _ := c.r.Previous.Claims.String("sub")
		row.Expected = clip(before, maxShown)
		if before == sub {
			break
		}
		if same, _ := sims.SameSubject(before, sub); c.p.Kind.SubjectTail && same {
			row.Detail = "its fifth part has changed, which this kind of provider does"
			break
		}
		row.Outcome, row.Detail = Failed, "it is another user than at the login"
	}
	return row
}
