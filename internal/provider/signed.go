package provider

import (
	"context"
	"mime"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// The media types of answers that are JWTs.
const (
	mediaJSON          = "application/json"
	mediaJWT           = "application/jwt"                     // OpenID Connect Core 5.3.2
	mediaIntrospection = "application/token-introspection+jwt" // RFC 9701 section 5
)

// SignedAnswerError says that an answer came signed, and that its signature, or whom it is from or for, doesn't hold.
type SignedAnswerError struct {
	Operation string
	Failed    []Check
}

// Error tells each check that failed.
func (e *SignedAnswerError) Error() string {
	parts := make([]string, 0, len(e.Failed))
	for _, c := range e.Failed {
		parts = append(parts, c.words())
	}
	return e.Operation + ": the signed answer doesn't hold: " + strings.Join(parts, "; ")
}

// signedForm is what is asked of an answer that is a JWT, beside its signature.
type signedForm struct {
	source     string   // the section that asks for it
	typ        string   // the header's typ; "": none that names another use
	algorithms []string // as the metadata names them; empty: those of ID tokens
	audience   string   // the client that has asked; "": not known
	bare       bool     // issuer and audience may be missing
	access     bool     // it is an access token, for whichever API
}

// mediaType is the answer's content type without its parameters.
func (a *answer) mediaType() string {
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// openSigned reads an answer that is a JWT, and makes the checks that its form asks for. Without every one of them passed, nothing of
// it is given out: the error is then a *SignedAnswerError, a *ResponseError where it is no JWT that can be read, or that of fetching the
// keys.
func (p *Provider) openSigned(ctx context.Context, a *answer, form signedForm) (*Verification, error) {
	jwt, err := token.ParseJWT(strings.TrimSpace(string(a.body)))
	switch {
	case token.Classify(strings.TrimSpace(string(a.body))) == token.FormEncryptedJWT:
		return nil, a.problem("an encrypted answer, and there is no key here that opens it")
	case err != nil:
		return nil, a.problem("an answer that calls itself a JWT and isn't one: " + err.Error())
	}
	if len(form.algorithms) == 0 {
		form.algorithms = p.Metadata.IDTokenAlgs
	}
	c := &checker{
		now: p.Now(), issuerWanted: p.Metadata.Issuer, algorithms: allowedAlgorithms(form.algorithms), clock: p.Clock, skew: time.Minute,
		jwt: jwt, r: VerifyRequest{Use: Stored, ClientID: form.audience},
	}
	c.source(ctx, p)
	algorithm := c.algorithm()
	if form.access {
		c.r.Use = AsAccess
	}
	key, signature, err := c.signature(algorithm.Outcome == Passed)
	if err != nil {
		return nil, err
	}
	v := &Verification{JWT: jwt, Checks: []Check{
		form.typed(jwt), algorithm, key, signature,
		form.addressed(c.issuer(), "iss", jwt), form.addressed(c.audience(), "aud", jwt),
		form.timed(c.expiry(), "exp", jwt), form.timed(c.issuedAt(), "iat", jwt), c.notBefore(),
	}}
	if failed := v.with(Failed); len(failed) > 0 {
		return nil, &SignedAnswerError{Operation: a.operation, Failed: failed}
	}
	claims := jwt.Claims.InsecureMarkVerified()
	v.Claims = &claims
	return v, nil
}

// typed holds the header against the form: a token that was issued for something else must not be taken for an answer (RFC 8725
// section 3.11).
func (f signedForm) typed(jwt *token.JWT) Check {
	typ := strings.TrimPrefix(strings.ToLower(jwt.Header.Type()), "application/")
	row := Check{Name: "form", Outcome: Passed, Source: f.source, Expected: f.typ, Got: clip(jwt.Header.Type(), maxShown)}
	if _, critical := jwt.Header.Get("crit"); critical {
		row.Outcome, row.Source, row.Expected, row.Got = Failed, "RFC 7515 4.1.11", "", ""
		row.Detail = "the header's crit demands extensions that aren't known here"
		return row
	}
	if f.access && typ == "at+jwt" { // RFC 9068 section 2.1
		return row
	}
	if f.typ != "" && typ != f.typ || f.typ == "" && typ != "" && typ != "jwt" {
		row.Outcome, row.Detail = Failed, "by its typ the JWT is for something else"
		if f.typ == "" {
			row.Expected = "JWT"
		}
	}
	return row
}

// addressed lets a claim about whom an answer is from or for be missing where the form does.
func (f signedForm) addressed(row Check, claim string, jwt *token.JWT) Check {
	row.Source = f.source
	if _, there := jwt.Claims.Get(claim); f.bare && !there {
		row.Outcome, row.Expected, row.Got, row.Detail = NotMade, "", "", "the answer doesn't say"
	}
	return row
}

// timed lets an answer be without an end, since it is as old as the exchange, and without its time of issue where the form does.
func (f signedForm) timed(row Check, claim string, jwt *token.JWT) Check {
	row.Source = f.source
	if _, there := jwt.Claims.Get(claim); !there && (f.bare || claim == "exp") {
		row.Outcome, row.Expected, row.Got, row.Detail = NotMade, "", "", "the answer has none"
	}
	return row
}
