package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

func (f Flow) code() bool { return f == FlowCode || f == FlowCodeWithProofKey }

func (f Flow) hybrid() bool { return f == FlowHybrid || f == FlowHybridWithProof }

func (f Flow) proofKey() bool { return f == FlowCodeWithProofKey || f == FlowHybridWithProof }

// lookupClient returns nil for an unknown client, and for one that is switched off.
func (s *Server) lookupClient(id string) *ClientConfig {
	for _, c := range s.clients {
		if c.ID == id && !c.Disabled {
			return c
		}
	}
	return nil
}

// allowsRedirect compares as IdentityServer3's authorize endpoint does: the whole string, ignoring case.
func (c *ClientConfig) allowsRedirect(uri string) bool {
	return c.registered(c.RedirectURIs, uri, true)
}

// allowsPostLogout compares the whole string and its case.
func (c *ClientConfig) allowsPostLogout(uri string) bool {
	return c.registered(c.PostLogoutRedirectURIs, uri, false)
}

func (c *ClientConfig) registered(list []string, uri string, fold bool) bool {
	return slices.ContainsFunc(list, func(have string) bool {
		if have == uri || fold && strings.EqualFold(have, uri) {
			return true
		}
		if !c.AnyPort {
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
func (s *Server) authenticateClient(r *http.Request, form params) *ClientConfig {
	id, secret, ok := credentials(r, form)
	if !ok {
		observe(r, "client", "client_id or client_secret is missing or too long: every client has a secret, those with a proof key too")
		return nil
	}
	c := s.lookupClient(id)
	if c != nil && c.Secret.Equal(secret) {
		return c
	}
	decodedID, idErr := url.QueryUnescape(id)
	decoded, secretErr := url.QueryUnescape(secret.Reveal())
	if meant := s.lookupClient(decodedID); idErr == nil && secretErr == nil && meant != nil &&
		meant.Secret.Equal(token.NewSecret(decoded)) {
		observe(r, "client", "id and secret were percent-encoded for Basic, as RFC 6749 asks, and the real STS doesn't decode them: send them in the body")
	} else if c == nil {
		observe(r, "client", "client %s is unknown or switched off", quoted(id))
	} else {
		observe(r, "client", "the secret of client %s is wrong", quoted(id))
	}
	return nil
}

// authenticateScope returns the scope whose name and secret the request holds: introspection asks for these and not for
// the client's. credentials finds no empty secret, so a scope that has none never fits.
func (s *Server) authenticateScope(r *http.Request, form params) (ScopeConfig, bool) {
	id, secret, ok := credentials(r, form)
	if !ok {
		return ScopeConfig{}, false
	}
	sc, known := s.lookupScope(id)
	if !known || !sc.Secret.Equal(secret) {
		return ScopeConfig{}, false
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
