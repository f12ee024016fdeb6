package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

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

// publicKey is one key of a provider's JWKS (RFC 7517) that can check signatures.
type publicKey struct {
	id   string
	alg  string   // the only algorithm that it is for; "" when it doesn't say
	use  string   // "sig", "enc", ""
	ops  []string // nil when it doesn't say
	key  any      // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	kind string   // "RSA of 2048 bits", for people
}

// keysFor returns the keys that may have signed a token: usually one. Keys from memory that don't suit are fetched anew,
// since the provider may have changed them. Without any, problem says why.
func (p *Provider) keysFor(ctx context.Context, alg, kid string) (keys []publicKey, problem string, err error) {
	p.mu.Lock()
	known := p.keys
	p.mu.Unlock()
	if known != nil {
		if keys, problem = chooseKeys(known, alg, kid); len(keys) > 0 {
			return keys, problem, nil
		}
	}
	fetched, err := p.fetchKeys(ctx)
	if err != nil {
		return nil, "", err
	}
	p.mu.Lock()
	p.keys = fetched
	p.mu.Unlock()
	keys, problem = chooseKeys(fetched, alg, kid)
	return keys, problem, nil
}

func (p *Provider) fetchKeys(ctx context.Context) ([]publicKey, error) {
	address, err := p.endpoint(opKeys, p.Metadata.JWKSURI)
	if err != nil {
		return nil, err
	}
	a, err := get(ctx, p.HTTP, opKeys, address, token.Secret{})
	if err != nil {
		return nil, err
	}
	if !a.ok() {
		return nil, a.problem("no keys at the address that discovery gives")
	}
	o, err := a.object()
	if err != nil {
		return nil, err
	}
	raw, _ := o.Get("keys")
	var members []json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, a.problem("a key set without an array of keys")
	}
	if len(members) > maxKeys {
		return nil, a.problem(fmt.Sprintf("a set of %d keys; at most %d are taken", len(members), maxKeys))
	}
	keys := make([]publicKey, 0, len(members))
	for _, m := range members {
		// RFC 7517 section 5: keys that aren't understood are to be ignored.
		if k, ok := readKey(m); ok {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// readKey reads one public key. Only the members that make up the key go to the JOSE library: certificates beside it are of
// no use here, and a private or symmetric key is none to verify with.
func readKey(raw json.RawMessage) (publicKey, bool) {
	o, err := token.ParseObject(raw)
	if err != nil {
		return publicKey{}, false
	}
	part := map[string]string{}
	for _, name := range []string{"kty", "n", "e", "crv", "x", "y"} {
		if v, ok := o.String(name); ok {
			part[name] = v
		}
	}
	if _, private := o.Get("d"); private {
		return publicKey{}, false
	}
	bare, err := json.Marshal(part)
	if err != nil {
		return publicKey{}, false
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(bare); err != nil {
		return publicKey{}, false
	}
	k := publicKey{key: parsed.Key, ops: o.Strings("key_ops")}
	k.id, _ = o.String("kid")
	k.alg, _ = o.String("alg")
	k.use, _ = o.String("use")
	switch key := parsed.Key.(type) {
	case *rsa.PublicKey:
		k.kind = fmt.Sprintf("RSA of %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		k.kind = "EC on " + key.Curve.Params().Name
	case ed25519.PublicKey:
		k.kind = "Ed25519"
	default:
		return publicKey{}, false
	}
	return k, true
}

// chooseKeys picks the keys of a kid, or the only one that suits a token without kid (OpenID Connect Core 10.1: where the
// set has several, kid must be there).
func chooseKeys(keys []publicKey, alg, kid string) (chosen []publicKey, problem string) {
	if kid == "" {
		for _, k := range keys {
			if k.unfit(alg) == "" {
				chosen = append(chosen, k)
			}
		}
		switch len(chosen) {
		case 0:
			return nil, fmt.Sprintf("none of the provider's %d keys suits %s", len(keys), alg)
		case 1:
			return chosen, ""
		default:
			return nil, fmt.Sprintf("the token names no key, and %d of the provider's would suit", len(chosen))
		}
	}
	problem = fmt.Sprintf("none of the provider's %d keys has this kid", len(keys))
	for _, k := range keys {
		if k.id != kid {
			continue
		}
		if why := k.unfit(alg); why != "" {
			problem = why
			continue
		}
		if chosen = append(chosen, k); len(chosen) == maxTried {
			break
		}
	}
	if len(chosen) > 0 {
		return chosen, ""
	}
	return nil, problem
}

// unfit says why a key can't check signatures of an algorithm; "" when it can.
func (k publicKey) unfit(alg string) string {
	switch {
	case k.use != "" && k.use != "sig", k.ops != nil && !slices.Contains(k.ops, "verify"):
		return "the key isn't for signatures"
	case k.alg != "" && k.alg != alg:
		return "the key is for another algorithm"
	}
	switch key := k.key.(type) {
	case *rsa.PublicKey:
		if !strings.HasPrefix(alg, "RS") && !strings.HasPrefix(alg, "PS") {
			break
		}
		// RFC 7518 sections 3.3 and 3.5.
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
			return fmt.Sprintf("the key is %s; %d to %d are allowed", k.kind, minRSA, maxRSA)
		}
		return ""
	case *ecdsa.PublicKey:
		curves := map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
		if curves[alg] == key.Curve.Params().Name {
			return ""
		}
	case ed25519.PublicKey:
		if alg == string(jose.EdDSA) {
			return ""
		}
	}
	return fmt.Sprintf("the key is %s, which can't be %s's", k.kind, alg)
}
