package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Outcome of a check.
type Outcome string

// The outcomes. A check isn't made where there is nothing to check with, or nothing that the use asks for.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	NotMade Outcome = "not made"
)

// Check is one row of a verification.
type Check struct {
	// Name is one of "form", "algorithm", "key", "signature", "issuer", "audience", "authorized party", "expiry", "issued
	// at", "not before", "nonce", "auth_time", "at_hash", "c_hash", "subject", and they come in this order.
	Name     string
	Outcome  Outcome
	Expected string // as it may be shown; "" where there is nothing to show (nonce)
	Got      string // foreign text
	Detail   string // why it failed or wasn't made, in words; for a passed check, what is worth knowing
	Source   string // "OpenID Connect Core 3.1.3.7 (2)"
}

// Verification is every check that was made of one token, and its claims if they all held. Of a token whose form is broken
// there is that row alone; of any other, every row.
type Verification struct {
	Checks []Check
	JWT    *token.JWT      // nil when the form is broken
	Claims *token.Verified // nil unless no check failed and the signature was checked
}

// Err returns nil when Claims are verified, else a *VerificationError.
func (v *Verification) Err() error {
	if v.Claims != nil {
		return nil
	}
	failed := v.with(Failed)
	if len(failed) == 0 {
		failed = v.with(NotMade)
		failed = failed[:min(len(failed), 2)] // key and signature come first
	}
	return &VerificationError{Failed: failed}
}

func (v *Verification) with(o Outcome) []Check {
	var rows []Check
	for _, c := range v.Checks {
		if c.Outcome == o {
			rows = append(rows, c)
		}
	}
	return rows
}

// VerificationError says which checks failed, or, where none did, that key and signature weren't checked.
type VerificationError struct {
	Failed []Check
}

// Error tells each failed check with expected and got.
func (e *VerificationError) Error() string {
	parts := make([]string, 0, len(e.Failed))
	for _, c := range e.Failed {
		parts = append(parts, c.words())
	}
	return "the token doesn't hold: " + strings.Join(parts, "; ")
}

func (c Check) words() string {
	s := c.Name
	if c.Outcome == NotMade {
		s += " not checked"
	}
	sep := ": "
	if c.Expected != "" {
		s += fmt.Sprintf("%sexpected %q, got %q", sep, c.Expected, c.Got)
		sep = ", "
	}
	if c.Detail != "" {
		s += sep + visible(c.Detail)
	}
	return s
}

// Use says what a token is verified as.
type Use int

// The uses.
const (
	AtLogin   Use = iota // an ID token straight from a login
	AtRefresh            // an ID token from a refresh: no nonce, same iss and sub, the original auth_time (OpenID Connect Core 12.2)
	Stored               // an ID token looked at later: nonce can't be checked
	AsAccess             // an access token that is a JWT: no nonce, the audience isn't the client
)

// VerifyRequest says against what a token is held.
type VerifyRequest struct {
	Use      Use
	ClientID string // must be there but for AsAccess and AnyClient
	// AnyClient says that nobody has named a client: without ClientID audience and authorized party are then not checked.
	AnyClient bool
	Nonce     token.Secret // what was sent; AtLogin only
	Access    token.Secret // for at_hash; may be empty
	Code      token.Secret // for c_hash; may be empty
	// FromBrowser says that the ID token came through the browser with Access and Code: it must then have the hash of each that is
	// there (OpenID Connect Core 3.2.2.9 and 3.3.2.11).
	FromBrowser bool
	MaxAge      time.Duration // sent as max_age; negative: not sent. AtLogin only
	// Began is when the login began, which MaxAge counts from: whoever authenticated for it may take their time until the answer. Zero: now.
	Began time.Time
	// Previous is the ID token that came before this one; nil where there is none, and nothing is held against it then: of AtRefresh the
	// login's, of AtLogin the one that came through the browser (OpenID Connect Core 3.3.3.6).
	Previous *token.JWT
	Skew     time.Duration // 0: one minute; negative: none
}

// defaultSkew is how far two clocks may be apart.
const defaultSkew = time.Minute

// Verify makes every check it can and says of each how it went; it doesn't stop at the first that fails. The algorithm is
// fixed by the provider's metadata and never by the token; keys come from the metadata's JWKS, and those in memory are fetched
// once more when the kid is unknown; jku, x5u and jwk in a header are never used. A JWKS that can't be had gives an
// *UnavailableError or *ResponseError as the second result, and the checks that could be made.
func (p *Provider) Verify(ctx context.Context, raw token.Secret, r VerifyRequest) (*Verification, error) {
	return p.VerifyAt(ctx, p.Now, raw, r)
}

// VerifyAt is Verify by another clock than the provider's.
func (p *Provider) VerifyAt(ctx context.Context, clock func() time.Time, raw token.Secret, r VerifyRequest) (*Verification, error) {
	c := &checker{
		now: clock(), issuerWanted: p.Metadata.Issuer, algorithms: allowedAlgorithms(p.Metadata.IDTokenAlgs), subjectTail: p.Kind.SubjectTail, clock: p.Clock,
	}
	return verify(raw, r, c.source(ctx, p))
}

// Anchor returns what the provider's tokens are held against, with its keys as they are now, for use without asking it again.
func (p *Provider) Anchor(ctx context.Context) (Anchor, error) {
	p.mu.Lock()
	known := p.keys
	p.mu.Unlock()
	if known == nil {
		fetched, err := p.fetchKeys(ctx)
		if err != nil {
			return Anchor{}, err
		}
		known = &fetched
		p.mu.Lock()
		p.keys = known
		p.mu.Unlock()
	}
	return Anchor{
		Keys: *known, Issuer: p.Metadata.Issuer, Algorithms: allowedAlgorithms(p.Metadata.IDTokenAlgs),
		SubjectTail: p.Kind.SubjectTail, Now: p.Now,
	}, nil
}

// Anchor is what tokens are held against where nobody is asked: keys that are there already.
type Anchor struct {
	Keys   KeySet
	Issuer string // "": not known, and no check is made of it
	// Algorithms are those that are allowed; nil: those that the keys are for, and never HMAC with a public key.
	Algorithms  []string
	SubjectTail bool             // see Kind
	Now         func() time.Time // must be set
}

// Verify is Provider.Verify by the keys that are there.
func (a Anchor) Verify(raw token.Secret, r VerifyRequest) *Verification {
	v, _ := verify(raw, r, a.checker()) // choosing among keys that are there can't fail
	return v
}

// VerifyJWT is Verify of a token that has been taken apart already.
func (a Anchor) VerifyJWT(jwt *token.JWT, r VerifyRequest) *Verification {
	v, _ := a.checker().verify(jwt, r)
	return v
}

// Signed reports whether one of the keys has signed the token by an algorithm that is allowed. No other check is made: the claims stay
// unverified.
func (a Anchor) Signed(jwt *token.JWT) bool {
	alg := jwt.Header.Algorithm()
	if !slices.Contains(a.allowed(), alg) {
		return false
	}
	keys, _ := a.Keys.choose(alg, jwt.Header.KeyID())
	return signedByAny(jwt, alg, keys)
}

func (a Anchor) checker() *checker {
	return &checker{
		now: a.Now(), issuerWanted: a.Issuer, anyIssuer: a.Issuer == "", algorithms: a.allowed(), subjectTail: a.SubjectTail, given: a.Keys.given,
		keys: func(alg, kid string) ([]publicKey, string, error) {
			keys, problem := a.Keys.choose(alg, kid)
			return keys, problem, nil
		},
	}
}

// allowed are the algorithms of the provider, or of the keys' types: a shared secret is for HMAC alone, and public keys never are.
func (a Anchor) allowed() []string {
	if a.Algorithms != nil {
		return a.Algorithms
	}
	var allowed []string
	for _, k := range a.Keys.keys {
		names := publicAlgorithms()
		if _, secret := k.key.(sharedSecret); secret {
			names = sharedAlgorithms()
		}
		for _, alg := range names {
			if r, _ := ruleOf(alg); r.suits(k.key) && !slices.Contains(allowed, alg) {
				allowed = append(allowed, alg)
			}
		}
	}
	return allowed
}

func verify(raw token.Secret, r VerifyRequest, c *checker) (*Verification, error) {
	jwt, problem := token.ParseJWT(raw.Reveal())
	if problem != nil {
		return brokenForm(problem), nil
	}
	return c.verify(jwt, r)
}

func (c *checker) verify(jwt *token.JWT, r VerifyRequest) (*Verification, error) {
	c.jwt, c.r, c.skew = jwt, r, max(r.Skew, 0)
	if r.Skew == 0 {
		c.skew = defaultSkew
	}
	algorithm := c.algorithm()
	key, signature, err := c.signature(algorithm.Outcome == Passed)
	v := &Verification{JWT: jwt, Checks: []Check{
		c.form(), algorithm, key, signature,
		c.issuer(), c.audience(), c.authorizedParty(),
		c.expiry(), c.issuedAt(), c.notBefore(),
		c.nonce(), c.authTime(), c.atHash(), c.cHash(), c.subject(),
	}}
	if signature.Outcome == Passed && len(v.with(Failed)) == 0 {
		claims := jwt.Claims.InsecureMarkVerified()
		v.Claims = &claims
	}
	return v, err
}

func brokenForm(problem error) *Verification {
	return &Verification{Checks: []Check{{Name: "form", Outcome: Failed, Detail: problem.Error(), Source: sourceForm}}}
}

// allowedAlgorithms are those of the metadata; RS256, which every provider must support, where it names none (OpenID
// Connect Discovery 3).
func allowedAlgorithms(named []string) []string {
	if len(named) == 0 {
		return []string{"RS256"}
	}
	allowed := []string{}
	for _, a := range publicAlgorithms() {
		if slices.Contains(named, a) {
			allowed = append(allowed, a)
		}
	}
	return allowed
}

// signature looks for the key and checks the signature with it.
func (c *checker) signature(algorithmAllowed bool) (key, signature Check, err error) {
	key = Check{Name: "key", Outcome: NotMade, Source: sourceKey}
	signature = Check{Name: "signature", Outcome: NotMade, Source: sourceSignature, Detail: "there is no key to check it with"}
	if !algorithmAllowed {
		key.Detail = "no key is looked for under an algorithm that isn't allowed"
		return key, signature, nil
	}
	alg, kid := c.jwt.Header.Algorithm(), c.jwt.Header.KeyID()
	key.Expected, key.Got = "a key for "+alg, clip(kid, kidShown)
	keys, problem, err := c.keys(alg, kid)
	switch {
	case err != nil:
		key.Detail = "the provider's keys couldn't be read"
		return key, signature, err
	case problem != "":
		key.Outcome, key.Detail = Failed, problem
		return key, signature, nil
	}
	key.Outcome, key.Detail = Passed, keys[0].kind
	signature.Outcome, signature.Detail = Failed, "it isn't of the provider's key, or the token was changed"
	if c.given {
		signature.Detail = "it isn't of this key, or the token was changed"
	}
	if signedByAny(c.jwt, alg, keys) || c.renewed != nil && signedByAny(c.jwt, alg, c.renewed(alg, kid)) {
		signature.Outcome, signature.Detail = Passed, ""
	}
	return key, signature, nil
}
