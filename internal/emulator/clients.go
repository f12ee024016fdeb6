package emulator

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// flowKind is a client's flow: IdentityServer3 gives each client exactly one.
type flowKind int

const (
	flowCode flowKind = iota
	flowCodeWithProofKey
)

func (f flowKind) proofKey() bool { return f == flowCodeWithProofKey }

// client is a registered client with the settings that IdentityServer3 has for one.
type client struct {
	id, name   string
	secret     token.Secret
	flow       flowKind
	redirects  []string
	postLogout []string
	// anyPort lets a registered loopback address with port 0 stand for every port (RFC 8252 section 7.3). The real STS
	// compares whole strings: this is for the built-in client alone, which otherwise couldn't use a free port.
	anyPort bool
	scopes  []string

	codeLifetime, idLifetime, accessLifetime time.Duration

	refreshAbsolute time.Duration
	refreshSliding  time.Duration // 0: the lifetime is absolute
	refreshReusable bool
	updateClaims    bool // a refresh takes the user's claims afresh

	applicationID, applicationName, vendorID string
}

// What the built-in client is, so that documentation can print it.
const (
	builtinClientID   = "pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00"
	builtinRedirect   = "http://127.0.0.1:0/callback"
	builtinPostLogout = "http://127.0.0.1:0/signed-out"
	builtinScope      = "partner"

	// Both are printed in the documentation on purpose: they open nothing but the emulator, whose users are made up.
	builtinSecret      = "simsid-emulator-client-secret" //nolint:gosec // a public value, see above
	builtinScopeSecret = "simsid-emulator-scope-secret"  //nolint:gosec // a public value, see above
)

// BuiltinClient returns the client that the embedded STS knows for simsid itself.
func BuiltinClient() Client {
	return Client{
		ID:                    builtinClientID,
		Secret:                token.NewSecret(builtinSecret),
		RedirectURI:           builtinRedirect,
		PostLogoutRedirectURI: builtinPostLogout,
		Scopes:                builtinScopes(),
		IntrospectionScope:    builtinScope,
		IntrospectionSecret:   token.NewSecret(builtinScopeSecret),
	}
}

func builtinScopes() []string {
	return []string{
		"openid", "profile", "roles", "partner", "partnermanagementapplication", "simsmultiorgapplication", "offline_access",
	}
}

func builtinClients() []*client {
	return []*client{{
		id:         builtinClientID,
		name:       "simsid",
		secret:     token.NewSecret(builtinSecret),
		flow:       flowCodeWithProofKey,
		redirects:  []string{builtinRedirect},
		postLogout: []string{builtinPostLogout},
		anyPort:    true,
		scopes:     builtinScopes(),

		codeLifetime:   5 * time.Minute,
		idLifetime:     5 * time.Minute,
		accessLifetime: time.Hour,

		refreshAbsolute: 30 * 24 * time.Hour,

		applicationID:   "a9911ca0-0000-4000-8000-00000000a001",
		applicationName: "simsid",
		vendorID:        "7e4d0000-0000-4000-8000-00000000a002",
	}}
}

func (s *Server) lookupClient(id string) *client {
	for _, c := range s.clients {
		if c.id == id {
			return c
		}
	}
	return nil
}

// allowsRedirect compares as IdentityServer3's authorize endpoint does: the whole string, ignoring case.
func (c *client) allowsRedirect(uri string) bool { return c.registered(c.redirects, uri, true) }

// allowsPostLogout compares the whole string and its case.
func (c *client) allowsPostLogout(uri string) bool { return c.registered(c.postLogout, uri, false) }

func (c *client) registered(list []string, uri string, fold bool) bool {
	return slices.ContainsFunc(list, func(have string) bool {
		if have == uri || fold && strings.EqualFold(have, uri) {
			return true
		}
		if !c.anyPort {
			return false
		}
		host, path, ok := splitLoopback(uri)
		if !ok {
			return false
		}
		plain := "http://" + host + ":0" + path
		return have == plain || fold && strings.EqualFold(have, plain)
	})
}

// splitLoopback takes http://127.0.0.1:PORT/path apart. Anything that a browser could read otherwise than this program
// (userinfo, a fragment, a backslash, an encoded host, a leading zero) is no such address.
func splitLoopback(uri string) (host, path string, ok bool) {
	const prefix = "http://127.0.0.1:"
	if len(uri) < len(prefix) || !strings.EqualFold(uri[:len(prefix)], prefix) {
		return "", "", false
	}
	rest := uri[len(prefix):]
	end := strings.IndexByte(rest, '/')
	if end < 1 || end > 5 || rest[0] == '0' || strings.Trim(rest[:end], "0123456789") != "" ||
		len(rest[:end]) == 5 && rest[:end] > "65535" {
		return "", "", false
	}
	return "127.0.0.1", rest[end:], true
}

// Credentials that are longer are read as none, as IdentityServer3 does.
const (
	maxClientID = 100
	maxSecret   = 100
)

// credentials reads who authenticates, as client or as scope: form fields first, then Basic. Basic is split at its first
// colon and not percent-decoded, which is IdentityServer3's way and not that of RFC 6749 section 2.3.1.
func credentials(r *http.Request, form params) (id string, secret token.Secret, ok bool) {
	if form.get("client_id") != "" && form.get("client_secret") != "" {
		id, secret = form.get("client_id"), token.NewSecret(form.get("client_secret"))
	} else if user, password, found := r.BasicAuth(); found && user != "" && password != "" {
		id, secret = user, token.NewSecret(password)
	} else {
		return "", token.Secret{}, false
	}
	return id, secret, len(id) <= maxClientID && secret.Len() <= maxSecret
}

// authenticateClient returns the client that the request proves to come from, or nil.
func (s *Server) authenticateClient(r *http.Request, form params) *client {
	id, secret, ok := credentials(r, form)
	if !ok {
		return nil
	}
	c := s.lookupClient(id)
	if c == nil || !c.secret.Equal(secret) {
		return nil
	}
	return c
}

// authenticateScope returns the scope whose name and secret the request holds: introspection asks for these and not for
// the client's. credentials finds no empty secret, so a scope that has none never fits.
func authenticateScope(r *http.Request, form params) (scope, bool) {
	id, secret, ok := credentials(r, form)
	if !ok {
		return scope{}, false
	}
	sc, known := lookupScope(id)
	if !known || subtle.ConstantTimeCompare([]byte(sc.secret), []byte(secret.Reveal())) != 1 {
		return scope{}, false
	}
	return sc, true
}

// params are the parameters of a request. A parameter given twice reads as its values joined by a comma, as in ASP.NET,
// so that it can't mean one thing to one reader and another to the next.
type params struct{ values url.Values }

func (p params) get(name string) string { return strings.Join(p.values[name], ",") }

// queryParams reads a query as far as it is readable.
func queryParams(r *http.Request) params {
	values, _ := url.ParseQuery(r.URL.RawQuery) // what can't be read counts as not sent
	return params{values}
}
