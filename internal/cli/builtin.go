package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/token"
)

// The profiles that exist without a configuration file: what is inside simsid.
const (
	emulatorProfile = "emulator"
	reportsProfile  = "emulator-reports"
	imisProfile     = "emulator-imis"
)

// aboutBuiltIn says in a few words what such a profile is.
func aboutBuiltIn(name string) string {
	switch name {
	case reportsProfile:
		return "the STS inside simsid, as a second application"
	case imisProfile:
		return "the iMIS inside simsid"
	}
	return "the STS inside simsid"
}

// site is which of the sites inside simsid a session's kind is, or stands for.
func (s *session) site() emulator.Site { return emulator.Site(s.kind.Embedded) }

// embeddedFolder is where the site inside simsid keeps its state.
func (s *session) embeddedFolder() (string, error) {
	dir, err := s.stateFolder("emulator")
	if err == nil && s.site() != emulator.SiteSTS {
		dir = filepath.Join(dir, string(s.site()))
	}
	return dir, err
}

// startEmbedded makes the site inside simsid that answers the profile.
func (s *session) startEmbedded() error {
	dir, err := s.embeddedFolder()
	if err != nil {
		return err
	}
	if s.looks {
		dir = "" // in memory: who only looks leaves nothing behind, and what is damaged where it is
	}
	s.sts, err = emulator.New(emulator.Options{Dir: dir, Now: s.env.Now, Rand: s.env.Rand, Config: emulator.BuiltinOf(s.site()),
		Notice: func(err error) { s.line("warning", "%v", err) }})
	return err
}

// serveEmbedded lets a browser reach the site inside simsid until ctx ends.
func (s *session) serveEmbedded(ctx context.Context) error {
	var err error
	s.base, err = s.sts.ServeBrowser(ctx)
	return err
}

// builtInSecret is the secret of an emulator's own client; zero where the profile is another's.
func (s *session) builtInSecret() token.Secret {
	if s.kind.Embedded == "" {
		return token.Secret{}
	}
	for _, c := range emulator.Clients(s.site()) {
		if c.ID == s.profile.ClientID {
			return c.Secret
		}
	}
	return token.Secret{}
}

// defaultUser is who signs in to the site inside simsid where nobody can be asked.
func (s *session) defaultUser() string { return emulator.Users(s.site())[0].Login }

// sampleUser is the login name of a sample user as the site spells it.
func (s *session) sampleUser(login string) string {
	for _, u := range emulator.Users(s.site()) {
		if strings.EqualFold(u.Login, login) {
			return u.Login
		}
	}
	return login
}

// visit is simsid in the place of a browser.
func (s *session) visit(ctx context.Context, address string) error {
	site := embeddedSite{strings.TrimSuffix(strings.TrimPrefix(s.base, "http://"), "/"), s.sts.BrowserTransport(s.base)}
	if s.kind.BeginsThere != "" {
		return visitContentItem(ctx, address, site)
	}
	return visitLoopback(ctx, address, site, s.jar)
}

// embeddedProfile is the profile that a value of login's --emulator is short for; "" for none.
func embeddedProfile(value string) (string, bool) {
	switch value {
	case "", "false":
		return "", true
	case string(emulator.SiteSTS), "true":
		return emulatorProfile, true
	case string(emulator.SiteIMIS):
		return imisProfile, true
	}
	return "", false
}
