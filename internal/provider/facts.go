package provider

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

// Fact is what is known of a kind's metadata beforehand. It is data; Differences holds a document against it.
type Fact struct {
	Member string
	Form   FactForm
	Value  string // of FactHas and FactEnds
	Says   string // a sentence's end: "the issuer has a path"
	Source string
}

// FactForm is how a member is looked at.
type FactForm int

// The forms.
const (
	FactThere   FactForm = iota // it is there
	FactMissing                 // it isn't
	FactHas                     // it is the value, or a list that has it
	FactEnds                    // an address that ends with the value
	FactPath                    // an address with a path
)

// Difference is a fact that a document doesn't bear out.
type Difference struct {
	Fact Fact
	Got  string // the member as it came, in short; "" where it is missing
}

// Differences holds a document against what is known of the kind.
func Differences(k Kind, document token.Object) []Difference {
	var list []Difference
	for _, f := range k.Facts {
		raw, there := document.Get(f.Member)
		if f.holds(document, there && !isNull(raw)) {
			continue
		}
		list = append(list, Difference{Fact: f, Got: clip(string(raw), maxShown)})
	}
	return list
}

func (f Fact) holds(o token.Object, there bool) bool {
	value, _ := o.String(f.Member)
	switch f.Form {
	case FactMissing:
		return !there
	case FactHas:
		return slices.Contains(o.Strings(f.Member), f.Value)
	case FactEnds:
		return strings.HasSuffix(value, f.Value)
	case FactPath:
		u, err := url.Parse(value)
		return err == nil && strings.Trim(u.Path, "/") != ""
	case FactThere:
	}
	return there
}

// openIDFacts are the members that OpenID Connect Discovery 3 asks every provider for, beside those that nothing works without.
func openIDFacts() []Fact {
	const source = "OpenID Connect Discovery 3"
	return []Fact{
		{Member: "response_types_supported", Form: FactHas, Value: "code", Says: "it answers with a code", Source: source},
		{Member: "subject_types_supported", Says: "it says how it names users to applications", Source: source},
		{Member: "id_token_signing_alg_values_supported", Form: FactHas, Value: "RS256", Says: "it can sign ID tokens by RS256", Source: source},
	}
}

// curityFacts are those of the Curity Identity Server.
func curityFacts() []Fact {
	const source = "Curity Identity Server's documentation"
	return slices.Concat(openIDFacts(), []Fact{
		{Member: "issuer", Form: FactPath, Says: "the issuer has a path", Source: source},
		{Member: "introspection_endpoint", Says: "it tells what an opaque token stands for", Source: source},
		{Member: "revocation_endpoint", Says: "it revokes tokens", Source: source},
		{Member: "userinfo_endpoint", Says: "it says who signed in", Source: source},
		{Member: "code_challenge_methods_supported", Form: FactHas, Value: "S256", Says: "it takes a proof key", Source: source},
	})
}

// identityServer3Facts are those of IdentityServer3, which SIMS ID and the embedded STS show.
func identityServer3Facts() []Fact {
	const source = "IdentityServer3"
	ends := func(member, path string) Fact {
		return Fact{Member: member, Form: FactEnds, Value: path, Says: "it lies at " + path, Source: source}
	}
	return []Fact{
		ends("authorization_endpoint", "/connect/authorize"), ends("token_endpoint", "/connect/token"),
		ends("userinfo_endpoint", "/connect/userinfo"), ends("end_session_endpoint", "/connect/endsession"),
		ends("revocation_endpoint", "/connect/revocation"), ends("introspection_endpoint", "/connect/introspect"),
		ends("jwks_uri", "/.well-known/jwks"),
		{Member: "device_authorization_endpoint", Form: FactMissing, Says: "it has no codes that are typed on another device", Source: source},
		{Member: "pushed_authorization_request_endpoint", Form: FactMissing, Says: "it takes no pushed requests", Source: source},
		{Member: "id_token_signing_alg_values_supported", Form: FactHas, Value: "RS256", Says: "it signs by RS256", Source: source},
	}
}

// KeyInfo is a key of a provider for people and programs.
type KeyInfo struct {
	ID, Algorithm, Use string // "" when it doesn't say
	Kind               string // "RSA of 2048 bits"
	Unfit              string // why no signature of a token is checked with it; "" when it can be
}

// Describe says what keys there are, and how many members of the set can't be used.
func (k KeySet) Describe() (keys []KeyInfo, ignored int) {
	for _, key := range k.keys {
		info := KeyInfo{ID: clip(key.id, kidShown), Algorithm: clip(key.alg, kidShown), Use: clip(key.use, kidShown), Kind: key.kind}
		info.Unfit = key.unfitForAll()
		keys = append(keys, info)
	}
	return keys, k.ignored
}

// unfitForAll says why a key suits no algorithm at all.
func (k publicKey) unfitForAll() string {
	algorithms := []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"}
	if k.alg != "" {
		algorithms = []string{k.alg}
	}
	why := ""
	for _, alg := range algorithms {
		w := k.unfit(alg)
		if w == "" {
			return ""
		}
		if why == "" {
			why = w
		}
	}
	return why
}

// Keys reads the provider's keys anew.
func (p *Provider) Keys(ctx context.Context) (KeySet, error) { return p.fetchKeys(ctx) }
