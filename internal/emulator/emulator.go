// Package emulator is the embedded STS: a server that behaves as SIMS ID's IdentityServer3 does, for a login without an
// account, a network or a configuration, and for tests. It opens nothing real.
package emulator

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Issuer is the issuer of the embedded STS where it is answered in-process.
const Issuer = "https://emulator.simsid.invalid/"

// Options say how an emulator is to run.
type Options struct {
	Issuer string // "" means Issuer
	Dir    string // folder of the persisted state, made when missing (0700); "" keeps it in memory
	Now    func() time.Time
	Rand   io.Reader
	As     string // login name of a sample user who is signed in without a page; "" shows the pages
}

// Server is the STS.
type Server struct{}

// New opens the state, or makes it.
func New(o Options) (*Server, error) { panic("unwritten") }

// Handler serves every address of the STS, the pages included.
func (s *Server) Handler() http.Handler { panic("unwritten") }

// Transport answers requests to the issuer's host in-process, and refuses every other.
func (s *Server) Transport() http.RoundTripper { panic("unwritten") }

// ServeBrowser serves the STS on a free port of loopback until ctx ends, and from then on names it in the two
// addresses that a browser visits (authorization and end-session endpoint); the issuer and the rest stay. It returns the base.
func (s *Server) ServeBrowser(ctx context.Context) (base string, err error) { panic("unwritten") }

// SessionEnded is closed when a browser has ended its session by the end-session page.
func (s *Server) SessionEnded() <-chan struct{} { panic("unwritten") }

// EndSessions ends every browser session of a subject, as visiting the end-session page in each browser would.
func (s *Server) EndSessions(ctx context.Context, subject string) error { panic("unwritten") }

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

// BuiltinClient returns it.
func BuiltinClient() Client { panic("unwritten") }

// User is a sample user as the choice of --as and the sign-in page show it.
type User struct {
	Login    string // "head"
	Name     string
	Password string
	About    string // "Headteacher at a School", in a few words
}

// Users returns the sample users.
func Users() []User { panic("unwritten") }
