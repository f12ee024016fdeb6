// Package tokenstore keeps logins: in the system's keyring, in a file sealed with age, or in memory. One backend per profile
// is active and on record; what is kept is bound to the issuer and client that it was got from; a lock across processes
// guards each refresh, and a rotated refresh token is never lost.
package tokenstore

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Backend names a kind of place.
type Backend string

const (
	Keyring Backend = "keyring"
	File    Backend = "file"
	Memory  Backend = "memory"
	Auto    Backend = "auto" // the keyring, or, only where there is none, the file with its key beside it; for tokens that open nothing real
)

// Binding says whose login is kept. A trailing slash of the issuer doesn't count.
type Binding struct {
	Profile  string
	Issuer   string
	ClientID string
}

// Record is what is on record of a profile's store: no secret, readable without opening the store.
type Record struct {
	Backend   Backend   `json:"backend"`
	Issuer    string    `json:"issuer"`
	ClientID  string    `json:"client_id"`
	Since     time.Time `json:"since"`
	KeyBeside bool      `json:"key_beside,omitempty"` // the file's key lies beside it (Auto only)
	// Shown by status without opening anything:
	Subject      string    `json:"subject,omitempty"`
	Name         string    `json:"name,omitempty"`
	Organisation string    `json:"organisation,omitempty"`
	Expiry       time.Time `json:"expiry,omitzero"`
	SignedInAt   time.Time `json:"signed_in_at,omitzero"`
	Refreshable  bool      `json:"refreshable,omitempty"`
	Ended        bool      `json:"ended,omitempty"` // the provider refused the refresh token
}

// Summary is what a caller who has verified a login puts on record for status.
type Summary struct {
	Subject, Name, Organisation string
}

// Options say where and how.
type Options struct {
	Dir      string        // the state folder of the store, made when missing (0700)
	Deadline time.Duration // for one keyring call; 0: 3 s
	Now      func() time.Time
	Rand     io.Reader
	// Waiting is called once when a lock or an unlocking prompt keeps us waiting for a second; nil: nobody is told.
	Waiting func(what string)
	// SealKey gives what opens a sealed file: an age identity ("AGE-SECRET-KEY-1...") or a passphrase. Called at most once,
	// only when needed; nil or an empty result gives ErrNoSealKey.
	SealKey func(ctx context.Context, creating bool) (SealKey, error)
}

// SealKey opens the sealed file: one of the two is set.
type SealKey struct {
	Identity   token.Secret // an X25519 age identity
	Passphrase token.Secret
}

var (
	ErrAbsent    = errors.New("there is no keyring")        // no service, no bus
	ErrLocked    = errors.New("the keyring is locked")      // or silent
	ErrRefused   = errors.New("the keyring refused")        // the user or the system said no
	ErrNoSealKey = errors.New("no key for the sealed file") // neither identity nor passphrase
	ErrSealKey   = errors.New("the key doesn't open the sealed file")
	ErrNoLogin   = errors.New("no login is kept")
	ErrEnded     = errors.New("the login has ended")
)

// Error is a failure of a store: what was tried, where, and one of the sentinels (or a system error) beneath.
type Error struct {
	Operation string
	Backend   Backend
	Path      string // for the file
	Err       error
}

func (e *Error) Error() string { panic("unwritten") }
func (e *Error) Unwrap() error { return e.Err }

// BindingError says that what is kept belongs to another issuer or client than the one asked for.
type BindingError struct {
	Profile   string
	Kept, Now Binding
}

func (e *BindingError) Error() string { panic("unwritten") }

// ConflictError says that another backend is on record for the profile.
type ConflictError struct {
	Profile        string
	Wanted, Active Backend
}

func (e *ConflictError) Error() string { panic("unwritten") }

// SecretKind names a secret that is kept apart from the login.
type SecretKind string

const (
	ClientSecret        SecretKind = "client-secret"
	IntrospectionSecret SecretKind = "introspection-secret"
)

// Store is one profile's place.
type Store struct{}

// ReadRecord tells what is on record for a profile, without opening any store; ok is false when nothing is.
func ReadRecord(o Options, profile string) (r Record, ok bool, err error) { panic("unwritten") }

// Records lists the records of all profiles by name.
func Records(o Options) (map[string]Record, error) { panic("unwritten") }

// Open opens the store on record for b.Profile. want is "" or what the user asked for: differing from the record it is a
// *ConflictError; with nothing on record the error is ErrNoLogin. A record of another issuer or client is a *BindingError.
func Open(ctx context.Context, o Options, b Binding, want Backend) (*Store, error) {
	panic("unwritten")
}

// Choose opens a store for a login or for a client secret: want, or the one on record, or fallback. It probes the place (a
// throw-away item is written, read and removed; for the file, the key is tried) and changes nothing that is kept until the
// first Save or SetSecret, which puts the choice on record, moves the secrets of the same binding there, and clears the place used before.
func Choose(ctx context.Context, o Options, b Binding, want, fallback Backend) (*Store, error) {
	panic("unwritten")
}

// Backend is the one in use: never Auto.
func (s *Store) Backend() Backend { panic("unwritten") }

// Where says in words where the tokens lie, for people: "keyring (Secret Service)", "sealed file /home/…/emulator.age".
func (s *Store) Where() string { panic("unwritten") }

// Record returns what is on record for this profile now.
func (s *Store) Record() Record { panic("unwritten") }

// Save keeps a new login in place of any old one.
func (s *Store) Save(ctx context.Context, set token.Set, sum Summary) error { panic("unwritten") }

// Load reads the login. ErrNoLogin when there is none, ErrEnded when the provider has ended it.
func (s *Store) Load(ctx context.Context) (token.Set, error) { panic("unwritten") }

// Lock, Prepare, SaveRefreshed and End implement flow.Keeper.
func (s *Store) Lock(ctx context.Context) (unlock func(), err error) { panic("unwritten") }

// Prepare allocates and syncs the emergency file and gets the key that seals it.
func (s *Store) Prepare(ctx context.Context) error { panic("unwritten") }

// SaveRefreshed keeps a refreshed login, the refresh token first. When the proper place fails the refresh token goes to the
// emergency file, and the error is an *EmergencyError that names it.
func (s *Store) SaveRefreshed(ctx context.Context, set token.Set) error { panic("unwritten") }

// EmergencyError says that the new refresh token is safe, but not where it belongs; the next Load picks it up.
type EmergencyError struct {
	Path string
	Err  error
}

func (e *EmergencyError) Error() string { panic("unwritten") }
func (e *EmergencyError) Unwrap() error { return e.Err }

// End marks the login as ended and removes its tokens.
func (s *Store) End(ctx context.Context) error { panic("unwritten") }

// Secret reads a secret; the zero Secret when none is kept.
func (s *Store) Secret(ctx context.Context, k SecretKind) (token.Secret, error) { panic("unwritten") }

// SetSecret keeps a secret; the zero Secret removes it.
func (s *Store) SetSecret(ctx context.Context, k SecretKind, v token.Secret) error {
	panic("unwritten")
}

// Clear removes the login from every place and checks that they are empty. Secrets of the client stay.
func (s *Store) Clear(ctx context.Context) error { panic("unwritten") }

// Remove removes everything of a profile, its secrets and its record included.
func (s *Store) Remove(ctx context.Context) error { panic("unwritten") }
