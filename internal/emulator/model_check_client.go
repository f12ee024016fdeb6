package emulator

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (k *checker) client(path string, n int) {
	c := k.c.Clients[n]
	k.clientID(path, n)
	if c.Secret.IsZero() {
		k.add(path+"secret", "is missing: every client of SIMS ID has one")
	} else if c.Secret.Len() > maxSecret {
		k.add(path+"secret", "is longer than %d bytes", maxSecret)
	}
	if !slices.Contains(Flows(), c.Flow) {
		k.add(path+"flow", "is %q, and can be %s", c.Flow, joined(Flows()))
	}
	if c.TokenType != TokenJWT && c.TokenType != TokenReference {
		k.add(path+"token_type", "is %q, and can be jwt or reference", c.TokenType)
	}
	k.addresses(path+"redirect_uris", c.RedirectURIs)
	if len(c.RedirectURIs) == 0 && c.Flow.interactive() {
		k.add(path+"redirect_uris", "is empty, and flow %s needs one", c.Flow)
	}
	k.addresses(path+"post_logout_redirect_uris", c.PostLogoutRedirectURIs)
	if c.LogoutURI != "" {
		k.address(path+"logout_uri", c.LogoutURI)
	}
	for i, name := range c.Scopes {
		if !slices.ContainsFunc(k.c.Scopes, func(sc ScopeConfig) bool { return sc.Name == name }) {
			k.add(fmt.Sprintf("%sscopes[%d]", path, i), "is %q, which is no scope", name)
		}
	}
	for i, name := range c.Providers {
		known := slices.ContainsFunc(k.c.Providers, func(p ProviderConfig) bool { return p.Name == name })
		if !known && name != PasswordProvider {
			k.add(fmt.Sprintf("%sproviders[%d]", path, i), "is %q, which is no identity provider", name)
		}
	}
	k.lifetimes(path, c)
	for i, f := range c.Faults {
		k.fault(fmt.Sprintf("%sfaults[%d].", path, i), f)
	}
}

func (k *checker) clientID(path string, n int) {
	seen := map[string]bool{}
	for _, before := range k.c.Clients[:n] {
		seen[strings.ToLower(before.ID)] = true
	}
	k.word(path+"id", k.c.Clients[n].ID, maxClientID)
	k.unique(path+"id", seen, k.c.Clients[n].ID)
}

func joined[T ~string](values []T) string {
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	return b.String()
}

func (k *checker) lifetimes(path string, c ClientConfig) {
	for _, l := range []struct {
		name  string
		value time.Duration
	}{
		{"code_lifetime", c.CodeLifetime}, {"id_lifetime", c.IDLifetime}, {"access_lifetime", c.AccessLifetime},
		{"refresh_absolute", c.RefreshAbsolute}, {"refresh_sliding", c.RefreshSliding},
	} {
		switch {
		case l.value < 0:
			k.add(path+l.name, "is below 0")
		case l.value%time.Second != 0:
			k.add(path+l.name, "isn't a whole number of seconds")
		case l.value > 10*365*24*time.Hour:
			k.add(path+l.name, "is longer than ten years")
		}
	}
}

func (k *checker) addresses(path string, all []string) {
	for i, address := range all {
		k.address(fmt.Sprintf("%s[%d]", path, i), address)
	}
}

func (k *checker) address(path, address string) {
	u, err := url.Parse(address)
	switch {
	case address == "" || !printable(address) || err != nil || u.Scheme == "" || u.Host == "" && (u.Opaque == "" && u.Path == ""):
		k.add(path, "is %q, which isn't an absolute address", address)
	case len(address) > maxRedirectURI:
		k.add(path, "is longer than %d bytes", maxRedirectURI)
	case u.Fragment != "" || strings.HasSuffix(address, "#"):
		k.add(path, "is %q, and mustn't have a fragment", address)
	case slices.Contains([]string{"javascript", "data", "vbscript"}, strings.ToLower(u.Scheme)):
		k.add(path, "is %q, which is a script and no address", address)
	}
}
