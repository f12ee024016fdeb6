// Package emulator is the embedded STS: a server that behaves as SIMS ID's IdentityServer3 does, for a login without an
// account, a network or a configuration, and for tests. It opens nothing real.
//
// The vocabulary of scopes and claims is written out here a second time rather than taken from internal/sims: a server that
// shared its table with the client could never show that the client has misread it.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/word"
)

// Issuer is the issuer of the embedded STS where it is answered in-process.
const Issuer = "https://emulator.simsid.invalid/"

// Options say how an emulator is to run.
type Options struct {
	Issuer string // "" means Issuer, or IMISIssuer
	Dir    string // folder of the persisted state, made when missing (0700); "" keeps it in memory
	Now    func() time.Time
	Rand   io.Reader
	As     string  // login name of a user who is signed in without a page; "" shows the pages
	Config *Config // nil: Builtin

	// Notice is told what an answer over HTTP can't say: a *SetAsideError for a state file that couldn't be read, and
	// whatever kept the state from being read or written. It may be called from several goroutines; nil: nobody listens.
	Notice func(error)

	// Observe is told each request with its answer, for a log. It may be called from several goroutines; nil: nobody listens.
	Observe func(Exchange)
	// AdminToken guards the address that faults are set by; zero: there is no such address.
	AdminToken token.Secret
	// Faults are switched on from the start, beside those of clients.
	Faults []Fault
	// After is the alarm that a delay on demand waits for; nil: delays take no time.
	After func(time.Duration) <-chan time.Time
}

// Server is the STS.
type Server struct {
	issuer  string               // as configured: the tokens' iss
	base    string               // the issuer with its slash: what addresses are built on
	host    string               // the issuer's host, with a port where it has one
	as      atomic.Pointer[user] // who is signed in without a page; nil shows the pages
	now     func() time.Time
	rand    *lockedReader
	notice  func(error)
	store   *store
	keys    *keyCache
	clients []*ClientConfig
	scopes  []ScopeConfig
	users   []*user
	byLogin map[string]*user // under the login name in lower case
	config  *Config          // complete; nobody changes it
	play    play
	pending *pendingRequests
	formKey func() ([]byte, error)

	observe    func(Exchange) // nil: nobody listens
	adminToken token.Secret
	faults     faultSet
	after      func(time.Duration) <-chan time.Time // nil: no time passes
	strangeKey func() (*signingKey, error)

	mu      sync.Mutex
	browser string // base of the loopback listener; "" while there is none
	postTo  string // where the built-in client of iMIS listens; "": at its registered address

	ended     chan struct{}
	endedOnce sync.Once
}

// UnknownUserError says that there is no sample user of that login name.
type UnknownUserError struct {
	Login string
	Known []string // the login names that there are
}

func (e *UnknownUserError) Error() string {
	return fmt.Sprintf("no sample user %s; known are %s", word.Quote(e.Login, e.Known...), strings.Join(e.Known, ", "))
}

// New checks the options. Reading the state, and making its key, waits until a request needs it.
func New(o Options) (*Server, error) {
	if o.Now == nil || o.Rand == nil {
		return nil, errors.New("emulator: a clock and a source of randomness are needed")
	}
	issuer := o.Issuer
	if issuer == "" {
		issuer = Issuer
		if o.Config != nil && o.Config.Site == SiteIMIS {
			issuer = IMISIssuer
		}
	}
	u, err := url.Parse(issuer)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("emulator: issuer %q isn't an http or https address of a host alone", issuer)
	}
	s := &Server{
		issuer: issuer,
		base:   u.Scheme + "://" + u.Host + "/",
		host:   u.Host,
		now:    o.Now,
		rand:   &lockedReader{from: o.Rand},
		notice: o.Notice,
		keys:   &keyCache{},
		ended:  make(chan struct{}),
	}
	if s.notice == nil {
		s.notice = func(error) {}
	}
	s.observe, s.adminToken, s.after = o.Observe, o.AdminToken, o.After
	s.strangeKey = sync.OnceValues(s.makeStrangeKey)
	if err := s.configure(o.Config); err != nil {
		return nil, err
	}
	if o.As != "" {
		if err := s.SignInAs(o.As); err != nil {
			return nil, err
		}
	}
	s.store = &store{dir: o.Dir, now: s.now, notice: s.notice, keys: s.keys}
	s.pending = &pendingRequests{byID: map[string]*pendingRequest{}}
	s.formKey = sync.OnceValues(func() ([]byte, error) { return s.random(32) })
	if err := s.setFaults(o.Faults); err != nil {
		return nil, err
	}
	return s, nil
}

// configure takes a configuration over. The error is a *ConfigError.
func (s *Server) configure(c *Config) error {
	if c == nil {
		c = Builtin()
	}
	if problems := c.Validate(); problems != nil {
		return &ConfigError{problems}
	}
	s.config = c.complete()
	s.play = s.playOf(s.config.Site)
	s.scopes = s.config.Scopes
	for i := range s.config.Clients {
		s.clients = append(s.clients, &s.config.Clients[i])
	}
	s.byLogin = map[string]*user{}
	for _, from := range s.config.Users {
		u := newUser(from, s.config.Organisations)
		s.users = append(s.users, u)
		s.byLogin[strings.ToLower(u.Login)] = u
	}
	return nil
}

// SignInAs makes the STS sign a sample user in without a page from now on; "" shows the pages again. The error is an *UnknownUserError.
func (s *Server) SignInAs(login string) error {
	if login == "" {
		s.as.Store(nil)
		return nil
	}
	u := s.lookupUser(login)
	if u == nil {
		return &UnknownUserError{Login: login, Known: s.logins()}
	}
	s.as.Store(u)
	return nil
}

// Handler serves every address of the STS, the pages included. It answers to the issuer's host, to localhost and to
// loopback addresses only, so that a name that is made to point at this machine reaches nothing (DNS rebinding).
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.EqualFold(r.Host, s.host) && !isLoopbackHost(r.Host) {
			misdirected(w)
			return
		}
		s.serve(w, r)
	})
}

// maxForm is the longest form that is read, in bytes. The longest honest one holds a JWT of 51,200.
const maxForm = 128 << 10

// route finds the endpoint. Paths ignore case, as ASP.NET's routes do.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	found, ok := s.play.routes[strings.ToLower(r.URL.Path)]
	if !ok {
		s.showError(w, r, http.StatusNotFound, errorPage{
			Heading: "There is nothing here",
			Text:    "The emulator has no page at this address.",
		})
		return
	}
	if !strings.Contains(" "+found.methods+" ", " "+r.Method+" ") {
		w.Header().Set("Allow", strings.ReplaceAll(found.methods, " ", ", "))
		writeJSON(w, http.StatusMethodNotAllowed, object("Message",
			"The requested resource does not support the method of this request."))
		return
	}
	found.serve(w, r)
}

// SessionEnded is closed when a browser has been shown, on the end-session page, that it is signed out.
func (s *Server) SessionEnded() <-chan struct{} { return s.ended }

func (s *Server) markEnded() { s.endedOnce.Do(func() { close(s.ended) }) }

// EndSessions ends every browser session of a subject, as visiting the end-session page in each browser would. The fifth
// part of a subject differs from session to session and isn't looked at. Tokens stay as they are.
func (s *Server) EndSessions(ctx context.Context, subject string) error {
	err := s.store.update(ctx, func(st *state) error {
		for key, session := range st.Sessions {
			if samePerson(session.Subject, subject) {
				delete(st.Sessions, key)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end the emulator's sessions: %w", err)
	}
	return nil
}

// Client is the client that the embedded STS knows for simsid itself.
type Client struct {
	ID                    string
	Secret                token.Secret
	RedirectURI           string // port 0: any
	PostLogoutRedirectURI string
	Scopes                []string // scopes that it may ask for
	IntrospectionScope    string   // scope name for introspection
	IntrospectionSecret   token.Secret
}

// User is a sample user as the choice of --as and the sign-in page show it.
type User struct {
	Login    string // "head"
	Name     string
	Password string
	About    string // "Headteacher at a School", in a few words
}

// lockedReader lets several requests draw from one source.
type lockedReader struct {
	mu   sync.Mutex
	from io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.from.Read(p)
}

func (s *Server) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.rand, b); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return b, nil
}
