package cli

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
)

// checkMixUp refuses a login whose answer could come from another provider without anybody noticing (RFC 9700 section 4.4): one whose
// redirect URI another profile has at another provider, where neither the answer nor an ID token beside the code names its issuer. What
// runs on this machine, with a certificate of simsid's own, has nobody to be mixed up with. It is no rule of a provider's, and nothing that is
// left to one: RFC 9700 section 2.1 has the client defend itself.
func (s *session) checkMixUp(r flow.LoginRequest) error {
	if s.kind.OwnCA || r.Provider.Metadata.IssParameter || slices.Contains(strings.Fields(r.ResponseType), "id_token") {
		return nil
	}
	other, ok := s.sharedRedirect()
	if !ok {
		return nil
	}
	name := s.profile.Name
	return &hintedError{Code: exitUsage,
		Text: fmt.Sprintf("profiles %s and %s have one redirect URI at two providers, and the answers of this one don't say whose they are: "+
			"a code of the other could be handed to it (mix-up, RFC 9700 section 4.4)", name, other),
		Hints: []string{
			"register another path for one of them: " + s.set("redirect_uri", ownPath(s.profile.RedirectURI, name)),
		}}
}

// sharedRedirect names another profile that has this one's redirect URI at another provider.
func (s *session) sharedRedirect() (other string, ok bool) {
	for _, name := range s.file.Names() {
		p, err := config.Resolve(s.layers(s.file, name, nil, noEnvironment))
		if err != nil || name == s.profile.Name || sameIssuer(p.Issuer, s.profile.Issuer) || !sameRedirect(p.RedirectURI, s.profile.RedirectURI) {
			continue
		}
		if kind, known := provider.LookupKind(p.Kind); !known || kind.OwnCA {
			continue
		}
		if info, known := provider.LookupFlow(provider.Flow(p.Flow)); known && len(info.ResponseTypes) == 0 {
			continue
		}
		return name, true
	}
	return "", false
}

// giveOwnPath keeps a new profile from sharing the kind's redirect URI with a profile at another provider. One that was given stays, since
// it is registered.
func (s *session) giveOwnPath(file *config.File, d *draft) {
	s.file = file
	other, shared := s.sharedRedirect()
	switch {
	case !shared || s.kind.OwnCA:
	case d.values["redirect_uri"] != nil:
		s.line("note", "profile %s has this redirect URI at another provider: unless this one names itself in its answers, no login is made with it", other)
	default:
		own := ownPath(s.profile.RedirectURI, d.name)
		d.values["redirect_uri"] = []string{own}
		s.line("note", "profile %s has %s at another provider; so this one's redirect URI is %s", other, s.profile.RedirectURI, own)
	}
}

func sameIssuer(a, b string) bool { return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") }

// sameRedirect reports whether an answer to one URI could be taken for one to the other. It errs on that side: spellings that a browser, or a
// provider that normalises, takes for one are one (RFC 3986 section 6.2). On loopback by plain http the port doesn't count, since a provider
// has to take any (RFC 8252 section 7.3), and nowhere does port 0, which stands for any. A query doesn't count: an answer adds to it.
func sameRedirect(a, b string) bool {
	u, errA := url.Parse(a)
	v, errB := url.Parse(b)
	if errA != nil || errB != nil || a == "" || b == "" || u.Scheme != v.Scheme || redirectHost(u) != redirectHost(v) || redirectPath(u) != redirectPath(v) {
		return false
	}
	p, q := redirectPort(u), redirectPort(v)
	return p == q || p == "0" || q == "0" || u.Scheme == "http"
}

// redirectHost is a host without what doesn't count: case, the dot at the end of a whole name, an address's other spellings.
func redirectHost(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if at, err := netip.ParseAddr(host); err == nil {
		return at.Unmap().String()
	}
	return host
}

// redirectPort is a port, or the scheme's own where none is named (RFC 9110 section 4.2).
func redirectPort(u *url.URL) string {
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case err == nil:
		return strconv.FormatUint(n, 10)
	case u.Scheme == "https":
		return "443"
	case u.Scheme == "http":
		return "80"
	}
	return u.Port()
}

// redirectPath is a path without percent-encoding, or what a private scheme has in the place of one (RFC 8252 section 7.1).
func redirectPath(u *url.URL) string {
	path := u.Path
	if u.Opaque != "" {
		path, _ = url.PathUnescape(u.Opaque)
	}
	return "/" + strings.TrimLeft(path, "/")
}

// ownPath is a redirect URI with a path that no other profile has.
func ownPath(uri, profile string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return uri
	}
	if u.Opaque != "" {
		u.Opaque = strings.TrimSuffix(u.Opaque, "/") + "/" + url.PathEscape(profile)
		return u.String()
	}
	return u.JoinPath(profile).String()
}
