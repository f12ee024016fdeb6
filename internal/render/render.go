// Package render turns answers into text for people and versioned JSON for programs. Styles are fields of one Theme;
// meaning is in the words and colour only repeats it; foreign text is shown with its control characters escaped.
package render

import (
	"io"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// Options say how to render.
type Options struct {
	JSON     bool
	JQ       string // a jq expression over the JSON document; implies JSON
	Color    bool
	Width    int // columns; 0: 80
	Now      time.Time
	Location *time.Location // for absolute times; nil: UTC
}

// View is an answer that can be rendered: one of the types below.
type View interface {
	// text writes the view for people.
	text(p *printer)
	// document returns the value whose JSON form is the view's; its schema name and version are members of it.
	document() any
}

// printer is the text writer with theme, width and clock.
type printer struct{}

// Write renders v to w.
func Write(w io.Writer, v View, o Options) error { panic("unwritten") }

// Safe returns foreign text fit for a screen: control characters, escapes, bidirectional marks, invalid UTF-8 and line breaks are
// shown as visible escapes such as \x1b and \u202e.
func Safe(s string) string { panic("unwritten") }

// Moment writes a time absolute and relative: "21 Nov 2026 21:35:00 UTC (in 59 minutes)".
func Moment(t, now time.Time, loc *time.Location) string { panic("unwritten") }

// SignedIn is the answer of login.
type SignedIn struct {
	Profile     string
	Title       string // "the embedded STS", the kind's or issuer's name
	Issuer      string
	ClientID    string
	Claims      token.Object // verified claims of the ID token
	Memberships []sims.Membership
	SIMS        bool
	Scopes      []string // granted
	Wanted      []string
	Expiry      time.Time
	Refreshable bool
	Where       string // where the tokens are kept
	Findings    []sims.Finding
	Next        []string // commands to type next, each with its comment behind two spaces and #
}

// Token is the answer of token in JSON; in text the bare token is printed by the command itself.
type Token struct {
	Profile   string
	Kind      string // "access_token", "id_token"
	Value     token.Secret
	TokenType string
	Expiry    time.Time
	Scopes    []string
}

// Decoded is the answer of decode: one or two tokens.
type Decoded struct {
	Tokens   []DecodedToken
	Findings []sims.Finding
}

// DecodedToken is one token explained.
type DecodedToken struct {
	Label        string // "access token", "ID token", "token"
	Opaque       string // set for a token that isn't a JWT: what it is, in words
	JWT          *token.JWT
	Verification *provider.Verification // nil: none was made
	Unverified   string                 // why the claims aren't verified; "" when they are
	SIMS         bool
	Memberships  []sims.Membership
}

// Userinfo is the answer of userinfo.
type Userinfo struct {
	Profile     string
	Claims      token.Object
	SIMS        bool
	Memberships []sims.Membership
}

// Introspected is the answer of introspect.
type Introspected struct {
	Profile string
	Result  provider.Introspection
	Note    string // by which way it was asked, and why
	SIMS    bool
}

// Change is one claim that a refresh changed.
type Change struct {
	Claim       string
	Before, Now string // JSON text; "" for absent
}

// Refreshed is the answer of refresh.
type Refreshed struct {
	Profile   string
	Refreshed bool // false: another process had done it
	Expiry    time.Time
	Rotated   bool // a new refresh token came
	Changes   []Change
	Where     string
}

// Revoked is the answer of revoke.
type Revoked struct {
	Profile string
	What    string   // "refresh token"
	Notes   []string // what the server does with it in truth
}

// Status is the answer of status.
type Status struct {
	Rows []StatusRow
}

// StatusRow is one profile.
type StatusRow struct {
	Profile      string
	Default      bool
	Kind         string
	Issuer       string
	State        string // "signed in", "expired, can refresh", "expired", "ended", "signed out"
	Subject      string
	Name         string
	Organisation string
	Expiry       time.Time
	SignedInAt   time.Time
	Store        string
}

// LoggedOut is the answer of logout.
type LoggedOut struct {
	Profile string
	Steps   []Step
}

// Step is one thing that was done or not.
type Step struct {
	What   string // "refresh token revoked"
	Done   bool
	Detail string
}

// Profiles is the answer of profile list.
type Profiles struct {
	Path string
	Rows []ProfileRow
}

// ProfileRow is one profile of the list.
type ProfileRow struct {
	Name     string
	Default  bool
	Kind     string
	Issuer   string
	ClientID string
	Store    string
}

// ProfileShown is the answer of profile show.
type ProfileShown struct {
	Name     string
	Settings []SettingRow
	Origins  bool // show where each value came from
	Secrets  []SecretRow
}

// SettingRow is one setting of a profile.
type SettingRow struct {
	Key    string
	Values []string
	List   bool
	Source string // "flag", "environment", ...
	Origin string // its detail
}

// SecretRow says whether a secret is kept, never which.
type SecretRow struct {
	Name  string // "client secret"
	State string // "kept in the keyring", "from SIMSID_CLIENT_SECRET", "none"
}

// Done is the answer of commands that only do something: one sentence and what comes next.
type Done struct {
	Action  string // "profile added", for JSON
	Profile string
	Text    string
	Next    []string
}

// Version is the answer of version.
type Version struct {
	Version, Commit, Date, Go, Platform string
}
