package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/simsid/simsid/internal/token"
)

const (
	opKeys = "read the keys"

	maxKeys  = 100 // of one JWKS
	maxTried = 4   // of one kid, which names one key as a rule
	minRSA   = 2048
	maxRSA   = 8192 // beyond it, verifying takes noticeable time
	kidShown = 100  // bytes
)

// KeySet are keys that signatures can be checked with. The zero value has none, and checks nothing.
type KeySet struct {
	// given says that the user has named these keys, and not a provider: then a token that names no key may be any one's of them, and
	// a key that has no name may have signed any token.
	given bool
	keys  []publicKey
	// ignored counts the members of a JWKS that can't be used: private, symmetric, or of a type that isn't known.
	ignored int
	// text is the JWKS as received, so that it can be kept.
	text []byte
}

// Len returns the number of keys.
func (k KeySet) Len() int { return len(k.keys) }

// JWKS returns the document that the keys were read from, nil where there was none.
func (k KeySet) JWKS() []byte { return slices.Clone(k.text) }

// KeySetError says why a text holds no keys. It holds none of the text.
type KeySetError struct{ Problem string }

func (e *KeySetError) Error() string { return e.Problem }

// ParseJWKS reads keys that the user has named: a JWK Set (RFC 7517 section 5) or one JWK. Private and symmetric keys in it are
// ignored, as are keys of unknown types. The error is a *KeySetError: nothing that can be read, or no key that can be used.
func ParseJWKS(text []byte) (KeySet, error) {
	k, problem := readKeys(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	switch {
	case problem != "":
		return KeySet{}, &KeySetError{problem}
	case len(k.keys) == 0 && k.ignored > 0:
		return KeySet{}, &KeySetError{"none of its keys is a public key that is known here: RSA, EC on P-256, P-384 or P-521, Ed25519"}
	case len(k.keys) == 0:
		return KeySet{}, &KeySetError{"it has no keys"}
	}
	k.given = true
	return k, nil
}

// ParseProviderJWKS reads keys that a provider's JWKS held at an earlier time: they are taken as if they were fetched.
func ParseProviderJWKS(text []byte) (KeySet, error) {
	k, problem := readKeys(text)
	if problem != "" {
		return KeySet{}, &KeySetError{problem}
	}
	return k, nil
}

// FetchJWKS reads the keys at an address that the user has named. Its errors are those of a call, and *KeySetError.
func FetchJWKS(ctx context.Context, hc *http.Client, address string) (KeySet, error) {
	a, err := get(ctx, hc, opKeys, address)
	if err != nil {
		return KeySet{}, err
	}
	if !a.ok() {
		return KeySet{}, a.problem("no keys at this address")
	}
	return ParseJWKS(a.body)
}

// readKeys reads a JWKS or one JWK; problem says why it is none of both.
func readKeys(text []byte) (k KeySet, problem string) {
	o, err := token.ParseObject(text)
	if err != nil {
		return k, "no set of keys: " + err.Error()
	}
	k.text = slices.Clone(text)
	var members []json.RawMessage
	if raw, there := o.Get("keys"); !there {
		if _, one := o.Get("kty"); !one {
			return KeySet{}, "a key set without an array of keys"
		}
		members = []json.RawMessage{text}
	} else if json.Unmarshal(raw, &members) != nil {
		return KeySet{}, "a key set without an array of keys"
	}
	if len(members) > maxKeys {
		return KeySet{}, fmt.Sprintf("a set of %d keys; at most %d are taken", len(members), maxKeys)
	}
	for _, m := range members {
		// RFC 7517 section 5: keys that aren't understood are to be ignored.
		if key, ok := readKey(m); ok {
			k.keys = append(k.keys, key)
		} else {
			k.ignored++
		}
	}
	return k, ""
}

// keySource gives the provider's keys to one verification.
type keySource struct {
	p     *Provider
	fresh bool // they were fetched for it
}

// choose returns the keys that may have signed a token: usually one. Keys from memory that don't suit are fetched anew,
// since the provider may have changed them. Without any, problem says why.
func (s *keySource) choose(ctx context.Context, alg, kid string) (keys []publicKey, problem string, err error) {
	if known := s.p.known(ctx); known != nil {
		if keys, problem = known.choose(alg, kid); len(keys) > 0 {
			return keys, problem, nil
		}
	}
	fetched, err := s.fetch(ctx)
	if err != nil {
		return nil, "", err
	}
	keys, problem = fetched.choose(alg, kid)
	return keys, problem, nil
}

// renewed are the keys as they are now, where those from memory didn't sign the token: a new key may have the kid of an old one, or none.
func (s *keySource) renewed(ctx context.Context, alg, kid string) []publicKey {
	if s.fresh {
		return nil
	}
	fetched, _ := s.fetch(ctx) // without them the signature is judged by the keys that are there
	keys, _ := fetched.choose(alg, kid)
	return keys
}

func (s *keySource) fetch(ctx context.Context) (KeySet, error) {
	fetched, err := s.p.fetchKeys(ctx)
	if err != nil {
		return KeySet{}, err
	}
	s.fresh = true
	s.p.mu.Lock()
	s.p.keys = &fetched
	s.p.mu.Unlock()
	return fetched, nil
}

// source gives keys to a checker.
func (c *checker) source(ctx context.Context, p *Provider) *checker {
	s := &keySource{p: p}
	c.keys = func(alg, kid string) ([]publicKey, string, error) { return s.choose(ctx, alg, kid) }
	c.renewed = func(alg, kid string) []publicKey { return s.renewed(ctx, alg, kid) }
	return c
}

func (p *Provider) fetchKeys(ctx context.Context) (KeySet, error) {
	address, err := p.endpoint(opKeys, p.Metadata.JWKSURI)
	if err != nil {
		return KeySet{}, err
	}
	a, err := get(ctx, p.HTTP, opKeys, address)
	if err != nil {
		return KeySet{}, err
	}
	if !a.ok() {
		return KeySet{}, a.problem("no keys at the address that discovery gives")
	}
	o, err := a.object()
	if err != nil {
		return KeySet{}, err
	}
	if _, set := o.Get("keys"); !set {
		return KeySet{}, a.problem("a key set without an array of keys")
	}
	k, problem := readKeys(a.body)
	if problem != "" {
		return KeySet{}, a.problem(problem)
	}
	return k, nil
}

// choose picks the keys of a kid, or the only one that suits a token without kid (OpenID Connect Core 10.1: where the
// set has several, kid must be there).
func (k KeySet) choose(alg, kid string) (chosen []publicKey, problem string) {
	if kid == "" {
		return k.chooseNameless(alg)
	}
	problem = fmt.Sprintf("none of %s has this kid", k.count())
	for _, key := range k.keys {
		if key.id != kid && (!k.given || key.id != "") {
			continue
		}
		if why := key.unfit(alg); why != "" {
			problem = why
			continue
		}
		if chosen = append(chosen, key); len(chosen) == maxTried {
			break
		}
	}
	if len(chosen) > 0 {
		return chosen, ""
	}
	return nil, problem
}

func (k KeySet) chooseNameless(alg string) (chosen []publicKey, problem string) {
	why := ""
	for _, key := range k.keys {
		if why = key.unfit(alg); why == "" {
			chosen = append(chosen, key)
		}
	}
	switch {
	case len(chosen) == 1, len(chosen) > 0 && k.given && len(chosen) <= maxTried:
		return chosen, ""
	case len(chosen) > 0:
		return nil, fmt.Sprintf("the token names no key, and %d of %s would suit", len(chosen), k.owned())
	case k.given && len(k.keys) == 1:
		return nil, why
	}
	return nil, fmt.Sprintf("none of %s suits %s", k.count(), alg)
}

func (k KeySet) count() string {
	if k.given {
		return fmt.Sprintf("the %d keys", len(k.keys))
	}
	return fmt.Sprintf("the provider's %d keys", len(k.keys))
}

func (k KeySet) owned() string {
	if k.given {
		return "the keys"
	}
	return "the provider's"
}
