package provider

import (
	"slices"
	"strings"
	"time"

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
	issuerWanted string
	anyIssuer    bool // nobody has named an issuer
	algorithms   []string
	subjectTail  bool
	given        bool // the user has named the keys
	clock        *ServerClock
	keys         func(alg, kid string) (keys []publicKey, problem string, err error)
	renewed      func(alg, kid string) []publicKey // as the provider has them now; nil: nobody is asked

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
	allowed := c.algorithms
	row := Check{
		Name: "algorithm", Outcome: Passed, Source: sourceAlgorithm,
		Expected: strings.Join(allowed, ", "), Got: clip(c.jwt.Header.Algorithm(), maxShown),
	}
	switch {
	case len(allowed) == 0:
		row.Outcome, row.Detail = Failed, "the provider names no algorithm that is safe to take"
	case !slices.Contains(allowed, c.jwt.Header.Algorithm()):
		row.Outcome, row.Detail = Failed, "the provider's metadata doesn't name it, or it is never taken"
		if c.given {
			row.Detail = "it isn't one that the keys are for, or it is never taken"
		}
	}
	return row
}

func (c *checker) issuer() Check {
	expected := c.issuerWanted
	got, _ := c.jwt.Claims.String("iss")
	row := Check{
		Name: "issuer", Outcome: Passed, Source: "OpenID Connect Core 3.1.3.7 (2)",
		Expected: expected, Got: clip(got, maxShown),
	}
	switch {
	case c.anyIssuer:
		row.Outcome, row.Detail = NotMade, "no issuer was named to hold it against"
	case got == "":
		row.Outcome, row.Detail = Failed, "iss is missing or no string"
	case got != expected:
		row.Outcome = Failed
		if differBySlash(expected, got) {
			row.Detail = "they differ by a trailing slash alone"
		}
	case c.r.Previous != nil:
		if before, _ := c.r.Previous.Claims.String("iss"); before != got {
			row.Outcome, row.Source = Failed, c.sourcePrevious()
			row.Expected, row.Detail = clip(before, maxShown), "it was another before"
		}
	}
	return row
}

// sourcePrevious asks for the same issuer and user as before.
func (c *checker) sourcePrevious() string {
	if c.r.Use == AtLogin {
		return "OpenID Connect Core 3.3.3.6"
	}
	return sourceRefresh
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
	case c.r.ClientID == "" && c.r.AnyClient:
		row.Outcome, row.Detail = NotMade, "no client was named to hold it against"
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
	case c.r.ClientID == "" && c.r.AnyClient:
		row.Outcome, row.Detail = NotMade, "no client was named to hold it against"
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

// clocked says by which clock a check of time failed, and what is wrong with that clock where this would explain it.
func (c *checker) clocked(what string, ahead bool) string {
	return what + ", by this machine's clock" + c.butClock(ahead)
}

func (c *checker) butClock(ahead bool) string {
	if words := c.clock.words(ahead); words != "" {
		return "; but " + words
	}
	return ""
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
		row.Outcome, row.Detail = Failed, c.clocked("the token has expired", true)
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
		row.Outcome, row.Detail = Failed, c.clocked("the token was issued in the future", false)
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
		row.Outcome, row.Detail = Failed, c.clocked("the token isn't valid yet", false)
	}
	row.Got = stamp(nbf)
	return row
}
