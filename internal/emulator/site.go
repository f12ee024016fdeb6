package emulator

import (
	"net/http"
	"slices"

	"golang.org/x/net/html"
)

// Site is what an emulator plays.
type Site string

// The sites.
const (
	SiteSTS  Site = "sts"  // SIMS ID's IdentityServer3; "" as well
	SiteIMIS Site = "imis" // an association's site run by iMIS, as far as single sign-on by refresh token goes
)

// route is an address of a site.
type route struct {
	methods string // parted by spaces
	serve   http.HandlerFunc
}

// endpoint is an address by the name that faults know it by.
type endpoint struct{ name, path string }

// play is what a server does as its site. All else (sessions, forms, faults, the log, serving) is the same for each.
type play struct {
	routes    map[string]route // by path in lower case
	endpoints []endpoint
	cookie    string // name of the session's cookie: a browser shares cookies among all ports of a host
	notice    string // for every page: what of all this is made up
	footer    string // whom it stands in for
	// authenticate returns the client that a token request proves to come from, or nil; refuse answers such a request with an error.
	authenticate func(*http.Request, params) *ClientConfig
	refuse       func(http.ResponseWriter, string)
}

func (s *Server) playOf(site Site) play {
	if site == SiteIMIS {
		return s.playIMIS()
	}
	return s.playSTS()
}

func (s *Server) playSTS() play {
	return play{
		endpoints: endpointsOf(SiteSTS), cookie: "simsid-emulator-session",
		notice:       "Everybody here is made up, and nothing you do reaches SIMS" + nbsp + "ID.",
		footer:       "A stand-in for " + signInServer + ", for tests. Not a product of ESS" + nbsp + "Ltd.",
		authenticate: s.authenticateClient, refuse: tokenError,
		routes: map[string]route{
			"/.well-known/openid-configuration": {"GET HEAD", s.serveDiscovery},
			"/.well-known/jwks":                 {"GET HEAD", s.serveKeys},
			"/connect/authorize":                {"GET", s.serveAuthorize},
			"/connect/token":                    {"POST", s.serveToken},
			"/connect/userinfo":                 {"GET POST", s.serveUserinfo},
			"/connect/introspect":               {"POST", s.serveIntrospect},
			"/connect/accesstokenvalidation":    {"GET POST", s.serveAccessTokenValidation},
			"/connect/identitytokenvalidation":  {"GET POST", s.serveIdentityTokenValidation},
			"/connect/revocation":               {"POST", s.serveRevocation},
			"/connect/endsession":               {"GET POST", s.serveEndSession},
			sessionPath:                         {"GET HEAD", s.serveSessionPage},
			"/":                                 {"GET HEAD", s.serveStart},
			"/login":                            {"GET POST", s.serveLogin},
			"/factor":                           {"GET POST", s.serveFactor},
			"/external":                         {"GET POST", s.serveExternal},
			"/organisation":                     {"GET POST", s.serveOrganisation},
			"/consent":                          {"GET POST", s.serveConsent},
			"/logout":                           {"POST", s.serveLogout},
			"/assets/style.css":                 {"GET HEAD", serveAsset("text/css; charset=utf-8", styleSheet)},
			"/assets/icon.svg":                  {"GET HEAD", serveAsset("image/svg+xml", icon)},
		},
	}
}

// endpointsOf are a site's addresses that faults can be at.
func endpointsOf(site Site) []endpoint {
	if site == SiteIMIS {
		return []endpoint{{"token", imisTokenPath}, {"content-item", contentItemPath}}
	}
	return []endpoint{
		{"discovery", "/.well-known/openid-configuration"},
		{"jwks", "/.well-known/jwks"},
		{"authorize", "/connect/authorize"},
		{"token", "/connect/token"},
		{"userinfo", "/connect/userinfo"},
		{"introspect", "/connect/introspect"},
		{"accesstokenvalidation", "/connect/accesstokenvalidation"},
		{"identitytokenvalidation", "/connect/identitytokenvalidation"},
		{"revocation", "/connect/revocation"},
		{"endsession", "/connect/endsession"},
	}
}

// FaultEndpoints lists what a fault's Endpoint can be besides "".
func FaultEndpoints(site Site) []string {
	var out []string
	for _, e := range endpointsOf(site) {
		out = append(out, e.name)
	}
	return out
}

// FaultKindsOf lists the kinds of fault that a site can have: iMIS issues nothing that is signed.
func FaultKindsOf(site Site) []FaultKind {
	kinds := FaultKinds()
	if site == SiteIMIS {
		kinds = slices.DeleteFunc(kinds, func(k FaultKind) bool {
			return slices.Contains([]FaultKind{FaultWrongNonce, FaultWrongAudience, FaultWrongIssuer, FaultWrongSignature, FaultUnknownKey}, k)
		})
	}
	return kinds
}

// note is the notice of every page.
func (p play) note() *html.Node {
	return el("p", attributes{"class", "notice"}, strong(text("Development server.")), text(" "+p.notice))
}
