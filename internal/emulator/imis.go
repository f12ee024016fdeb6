package emulator

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// IMISIssuer is the address of the embedded iMIS-like site where it is answered in-process.
const IMISIssuer = "https://imis.simsid.invalid/"

// What the built-in client of the iMIS-like site is.
const (
	IMISClientID = "simsid"
	// IMISRedirect is the Login redirect URL that is registered for it: whoever registers a client chooses one.
	IMISRedirect = "http://127.0.0.1:8400/callback"
	imisSecret   = "simsid-emulator-imis-secret" //nolint:gosec // a public value: it opens nothing but the emulator

	imisTokenPath   = "/token"
	contentItemPath = "/single-sign-on"
)

// BuiltinIMIS returns the configuration of an iMIS-like site that is given none: members, and the client that simsid itself is.
func BuiltinIMIS() *Config {
	return &Config{Site: SiteIMIS, Users: sampleMembers(), Clients: []ClientConfig{imisClient()}}
}

func imisClient() ClientConfig {
	return ClientConfig{
		ID: IMISClientID, Name: "simsid", Secret: token.NewSecret(imisSecret), RedirectURIs: []string{IMISRedirect},
		AccessLifetime: 20 * time.Minute, RefreshAbsolute: 48 * time.Hour, RefreshReusable: true,
	}
}

// IMISClient returns the client that the embedded iMIS-like site knows for simsid itself.
func IMISClient() Client {
	return Client{ID: IMISClientID, Secret: token.NewSecret(imisSecret), RedirectURI: IMISRedirect}
}

func sampleMembers() []UserConfig {
	sample := func(login, name, about string) UserConfig {
		return UserConfig{Login: login, Name: name, Password: token.NewSecret("sample-" + login), About: about}
	}
	return []UserConfig{
		sample("member", "Morgan Wright", "Member of the association"),
		sample("fellow", "Abena Osei", "Fellow, and a member of the board"),
		sample("staff", "Rhys Bowen", "Works for the association"),
		sample("lapsed", "Jean O’Connor", "Member whose subscription has lapsed"),
	}
}

// completeIMIS fills in what was left out of a site run by iMIS.
func (c *Config) completeIMIS() {
	if c.Users == nil {
		c.Users = sampleMembers()
	}
	if c.Clients == nil {
		c.Clients = []ClientConfig{imisClient()}
	}
	c.Clients = slices.Clone(c.Clients)
	for i := range c.Clients {
		client := &c.Clients[i]
		setDefault(&client.Name, client.ID)
		setDefault(&client.AccessLifetime, 20*time.Minute)
		setDefault(&client.RefreshAbsolute, 48*time.Hour)
	}
}

// memberOfSite checks a user of a site run by iMIS, where users have nothing but a name and a password.
func (k *checker) memberOfSite(path string, n int) {
	u := k.c.Users[n]
	k.login(path, n)
	k.text(path+"name", u.Name, 200)
	if u.Password.IsZero() {
		k.add(path+"password", "is missing")
	}
	if u.Number != 0 || u.GUID != "" || u.SiteRole != "" || u.Factor.Kind != FactorNone || u.Organisations != nil || u.Claims != nil {
		k.add(strings.TrimSuffix(path, "."), "has something that a user of iMIS has not: it is a login, a name and a password")
	}
}

// clientOfSite checks a client of a site run by iMIS: it has one Login redirect URL.
func (k *checker) clientOfSite(path string, n int) {
	c := k.c.Clients[n]
	k.clientID(path, n)
	if c.Secret.IsZero() {
		k.add(path+"secret", "is missing: every client of iMIS has one")
	} else if c.Secret.Len() > maxSecret {
		k.add(path+"secret", "is longer than %d bytes", maxSecret)
	}
	if len(c.RedirectURIs) != 1 {
		k.add(path+"redirect_uris", "has %d addresses, and a client of iMIS has one Login redirect URL", len(c.RedirectURIs))
	}
	k.addresses(path+"redirect_uris", c.RedirectURIs)
	for i, address := range c.RedirectURIs {
		if u, err := url.Parse(address); err == nil && u.Scheme != "http" && u.Scheme != "https" {
			k.add(fmt.Sprintf("%sredirect_uris[%d]", path, i), "is %q, and a form can be posted to http and https alone", address)
		}
	}
	k.lifetimes(path, c)
	for i, f := range c.Faults {
		k.fault(fmt.Sprintf("%sfaults[%d].", path, i), f)
	}
}

// playIMIS is a site whose members are led to applications by its Single Sign On content item.
func (s *Server) playIMIS() play {
	return play{
		endpoints: endpointsOf(SiteIMIS), cookie: "simsid-emulator-imis-session",
		notice:       "Everybody here is made up, and nothing you do reaches an iMIS.",
		footer:       "A stand-in for the single sign-on of an iMIS site, for tests. Not a product of ASI.",
		authenticate: s.authenticateIMIS, refuse: refuseIMIS,
		routes: map[string]route{
			imisTokenPath:       {"POST", s.serveIMISToken},
			contentItemPath:     {"GET", s.serveContentItem},
			"/":                 {"GET HEAD", s.serveMembers},
			"/sign-in":          {"POST", s.takeMember},
			"/sign-out":         {"POST", s.serveMemberGoes},
			"/assets/style.css": {"GET HEAD", serveAsset("text/css; charset=utf-8", styleSheet)},
			"/assets/icon.svg":  {"GET HEAD", serveAsset("image/svg+xml", icon)},
		},
	}
}

// ErrNotIMIS says that an emulator plays another site than iMIS's.
var ErrNotIMIS = errors.New("the emulator plays no iMIS")

// PostTo names the address that the built-in client listens on at the moment, where that isn't its registered Login redirect URL:
// in-process the port is a free one, known only once somebody listens.
func (s *Server) PostTo(address string) error {
	if s.config.Site != SiteIMIS {
		return ErrNotIMIS
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.postTo = address
	return nil
}

// loginRedirect is where a client's refresh tokens are posted.
func (s *Server) loginRedirect(c *ClientConfig) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.ID == IMISClientID && s.postTo != "" {
		return s.postTo
	}
	return c.RedirectURIs[0]
}

// ContentItem is the address of the page that leads a member to the built-in client, below the base that ServeBrowser returned.
func ContentItem(base string) string {
	return strings.TrimSuffix(base, "/") + contentItemPath + "?" + url.Values{"client_id": {IMISClientID}}.Encode()
}

// ReadContentItem takes from the content item's page what it has a browser post, and where. It reads the emulator's own page and no other.
func ReadContentItem(page io.Reader) (target string, form url.Values, err error) {
	text, err := io.ReadAll(io.LimitReader(page, maxForm))
	if err != nil {
		return "", nil, fmt.Errorf("read the content item: %w", err)
	}
	between := func(before string) string {
		_, rest, _ := strings.Cut(string(text), before)
		value, _, _ := strings.Cut(rest, `"`)
		return html.UnescapeString(value)
	}
	target = between(`<form method="post" action="`)
	refresh := between(`<input type="hidden" name="refresh_token" value="`)
	if target == "" || refresh == "" {
		return "", nil, errors.New("read the content item: it posts no refresh token")
	}
	return target, url.Values{"refresh_token": {refresh}}, nil
}

// member returns who is signed in: by the browser's session, or without a page.
func (s *Server) member(st *state, r *http.Request) (signIn, *user) {
	if as := s.as.Load(); as != nil {
		return signIn{Login: as.Login, AuthTime: s.now().Truncate(time.Second)}, as
	}
	_, in, u := s.sessionIn(st, r)
	if u == nil {
		return signIn{}, nil
	}
	return in.signIn, u
}
