package emulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// behaviour is one thing that is known of the real STS. Its line says where: the section of what is known of IdentityServer3 or
// of SIMS ID, and the sentence in short.
type behaviour struct {
	line  string
	holds func(*bench)
}

// hold checks each behaviour against a server of its own, with head signed in where a page would be in the way.
func hold(t *testing.T, section string, rows []behaviour) {
	t.Helper()
	for _, row := range rows {
		t.Run(section+": "+row.line, func(t *testing.T) {
			row.holds(newBench(t, Options{Config: specConfig(), As: "head"}))
		})
	}
}

const (
	specRedirect = "https://app.example/Callback"
	specOut      = "https://app.example/Out"
	specSecret   = "the secret of every client in the tables"
	apiSecret    = "the secret of the scopes"
)

// specConfig has a client of each flow and setting, named after it.
func specConfig() *Config {
	c := Builtin()
	for i := range c.Scopes {
		switch c.Scopes[i].Name {
		case singleOrganisation, "rapapi":
			c.Scopes[i].Secret = token.NewSecret(apiSecret)
		}
	}
	add := func(id string, flow Flow, alter func(*ClientConfig)) {
		made := ClientConfig{
			ID: id, Secret: token.NewSecret(specSecret), Flow: flow, RedirectURIs: []string{specRedirect},
			PostLogoutRedirectURIs: []string{specOut},
			Scopes:                 []string{"openid", "profile", "roles", "partner", singleOrganisation, severalOrganisations, offlineAccess},
		}
		if alter != nil {
			alter(&made)
		}
		c.Clients = append(c.Clients, made)
	}
	on := true
	machine := func(c *ClientConfig) {
		c.Scopes = []string{"openid", offlineAccess, "partner-read", "partner-write", "partnerserverapplication", "simsserverapplication", "rapapi"}
	}
	add("code", FlowCode, nil)
	add("codepk", FlowCodeWithProofKey, nil)
	add("hybrid", FlowHybrid, nil)
	add("hybridpk", FlowHybridWithProof, nil)
	add("implicit", FlowImplicit, nil)
	add("machine", FlowClientCredentials, machine)
	add("machine-reference", FlowClientCredentials, func(c *ClientConfig) { machine(c); c.TokenType = TokenReference })
	add("password", FlowResourceOwner, nil)
	add("disabled", FlowCode, func(c *ClientConfig) { c.Disabled = true })
	add("reference", FlowCode, func(c *ClientConfig) { c.TokenType = TokenReference })
	add("hybrid-reference", FlowHybrid, func(c *ClientConfig) { c.TokenType = TokenReference })
	add("reusable", FlowCode, func(c *ClientConfig) { c.RefreshReusable = true })
	add("sliding", FlowCode, func(c *ClientConfig) { c.RefreshSliding = 15 * 24 * time.Hour })
	add("updating", FlowCode, func(c *ClientConfig) { c.UpdateClaims = true })
	add("short", FlowCode, func(c *ClientConfig) {
		c.CodeLifetime, c.IDLifetime, c.AccessLifetime, c.RefreshAbsolute = time.Minute, 2*time.Minute, 3*time.Minute, 4*time.Minute
	})
	add("consent", FlowCode, func(c *ClientConfig) { c.RequireConsent = &on })
	return c
}

// reply is what an authorize request got.
type reply struct {
	answer
	where  string // "page", "?", "#", "form", "sign-in"
	values url.Values
}

// ask sends a client's authorize request, altered by pairs.
func (b *bench) ask(id string, alter ...string) reply {
	b.Helper()
	q := url.Values{"client_id": {id}, "redirect_uri": {specRedirect}, "scope": {"openid profile"}, "state": {"s"}, "nonce": {"n"}}
	switch c := b.lookupClient(id); {
	case c == nil || c.Flow.code():
		q.Set("response_type", "code")
	case c.Flow.hybrid():
		q.Set("response_type", "code id_token")
	default:
		q.Set("response_type", "id_token token")
	}
	if c := b.lookupClient(id); c != nil && c.Flow.proofKey() {
		q.Set("code_challenge", challenge)
		q.Set("code_challenge_method", "S256")
	}
	return b.reply(b.authorize(b.browser, altered(q, alter)))
}

func (b *bench) reply(a answer) reply {
	b.Helper()
	out := reply{answer: a}
	rest, isBack := strings.CutPrefix(strings.ToLower(a.location), strings.ToLower(specRedirect))
	rest = a.location[len(a.location)-len(rest):]
	switch {
	case isBack && strings.HasPrefix(rest, "?"), isBack && strings.HasPrefix(rest, "#"):
		out.where = rest[:1]
		values, err := url.ParseQuery(rest[1:])
		if err != nil {
			b.Fatal(err)
		}
		out.values = values
	case a.location != "":
		b.Fatalf("redirect to %q", a.location)
	case a.at != "/connect/authorize":
		out.where = "sign-in"
	case strings.Contains(a.body, `action="`+specRedirect+`"`):
		out.where, out.values = "form", fields(a.body)
	default:
		out.where = "page"
	}
	return out
}

// names lists a reply's parameters.
func (r reply) names() string {
	var out []string
	for name := range r.values {
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// clientForm is a request of a client at the token endpoint.
func clientForm(id string, alter ...string) url.Values {
	return altered(url.Values{"client_id": {id}, "client_secret": {specSecret}}, alter)
}

func (b *bench) exchange(id, code string, alter ...string) answer {
	b.Helper()
	f := clientForm(id, "grant_type", "authorization_code", "code", code, "redirect_uri", specRedirect)
	if b.lookupClient(id).Flow.proofKey() {
		f.Set("code_verifier", verifier)
	}
	return b.post("connect/token", altered(f, alter))
}

func (b *bench) renew(id, handle string) answer {
	b.Helper()
	return b.post("connect/token", clientForm(id, "grant_type", "refresh_token", "refresh_token", handle))
}

// whole signs in with a client and redeems its code.
func (b *bench) whole(id string, alter ...string) tokens {
	b.Helper()
	r := b.ask(id, append([]string{"scope", "openid profile offline_access"}, alter...)...)
	if r.values.Get("code") == "" {
		b.Fatalf("no code: %s %v, %s", r.where, r.values, r.body)
	}
	return b.tokens(b.exchange(id, r.values.Get("code")))
}

// claims reads a JWT.
func (b *bench) claims(jwt string) map[string]any {
	b.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(b.payload(jwt)), &out); err != nil {
		b.Fatal(err)
	}
	return out
}

// members are the names in a JSON object, sorted.
func (b *bench) members(text string) string {
	b.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		b.Fatalf("%s: %v", text, err)
	}
	var out []string
	for name := range object {
		out = append(out, name)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (b *bench) equal(what string, got, want any) {
	b.Helper()
	if !reflect.DeepEqual(got, want) {
		b.Errorf("%s: got %v, expected %v", what, got, want)
	}
}

// refused checks an error of the token endpoint: always 400, the body whole.
func (b *bench) refused(a answer, code string) {
	b.Helper()
	if want := `{"error":"` + code + `"}`; a.status != http.StatusBadRequest || a.body != want {
		b.Errorf("status %d, %s, expected 400, %s", a.status, a.body, want)
	}
}

// onPage checks that a request ended on a page with status 200 and told the client nothing.
func (b *bench) onPage(r reply) {
	b.Helper()
	if r.where != "page" || r.status != http.StatusOK || r.location != "" || !strings.Contains(r.header.Get("Content-Type"), "text/html") {
		b.Errorf("%s, status %d, location %q", r.where, r.status, r.location)
	}
}

// told checks what reached the redirect URI, and where in it.
func (b *bench) told(r reply, where string, pairs ...string) {
	b.Helper()
	want := altered(url.Values{}, pairs)
	if r.where != where || !reflect.DeepEqual(r.values, want) {
		b.Errorf("%s %v, expected %s %v", r.where, r.values, where, want)
	}
}

func long(n int) string { return strings.Repeat("a", n) }

func secretOf(text string) token.Secret { return token.NewSecret(text) }
