// Package tokenstore keeps logins: in the system's keyring, in a file sealed with age, or in memory. One backend per profile
// is active and on record; what is kept is bound to the issuer and client that it was got from; a lock across processes
// guards each refresh, and a rotated refresh token is never lost.
//
// Every file of a profile lies in one folder (0700, files 0600) and is replaced whole: written beside its place, synced,
// renamed, the folder synced. For a profile "school" they are:
//
//	school.record.json            what is on record; no secret
//	school.lock                   the lock against other processes
//	school.age                    the login (backend file)
//	school.secrets.age            the client's secrets (backend file)
//	school.identity.age           the identity behind a passphrase (backend file with a passphrase)
//	school.emergency.age          the reserve for a refreshed login
//	school.keyring.age            access and ID token (backend keyring); its key is in the keyring
//	school.keyring.emergency.age  the reserve of backend keyring
//	school.beside.age, .key       the login and its key (backend auto where there is no keyring)
//
// The names differ by backend so that a switch which is cut short leaves either the old login or the new one, never a file
// that the key at hand doesn't open. All .age files are ordinary age files.
package tokenstore

import (
	"context"
	"io"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Backend names a kind of place.
type Backend string

// The backends.
const (
	// Keyring is the Secret Service, the macOS keychain or the Windows credential manager.
	Keyring Backend = "keyring"
	// File is a file sealed to an age identity, or to one behind a passphrase.
	File Backend = "file"
	// Memory keeps within the process only: it reads and writes no file, and what another backend keeps stays as it is.
	Memory Backend = "memory"
	// Auto is the keyring, or, only where there is none, the file with its key beside it: for tokens that open nothing
	// real. A locked keyring is not a missing one.
	Auto Backend = "auto"
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
	Subject      string `json:"subject,omitempty"`
	Name         string `json:"name,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	// Organisations are the values that name the user's organisations, as they came.
	Organisations []string  `json:"organisations,omitempty"`
	Expiry        time.Time `json:"expiry,omitzero"`
	SignedInAt    time.Time `json:"signed_in_at,omitzero"`
	Refreshable   bool      `json:"refreshable,omitempty"`
	RefreshSince  time.Time `json:"refresh_since,omitzero"` // when a refresh brought the refresh token; zero: it came with the login
	Ended         bool      `json:"ended,omitempty"`        // the provider refused the refresh token
	// Secrets are the kinds of secret kept apart from the login.
	Secrets []SecretKind `json:"secrets,omitempty"`
	// SecretsInFile are those of them that lie in the sealed file although the backend is the keyring: they are longer than it takes.
	SecretsInFile []SecretKind `json:"secrets_in_file,omitempty"`
	// RefreshInFile says that the refresh token lies in the sealed file although the backend is the keyring: it is longer
	// than the system's keyring takes, or the keyring failed when it was to be kept.
	RefreshInFile bool `json:"refresh_in_file,omitempty"`
	// Leftover says that the keyring may hold items although it isn't the backend: it wasn't there when it was to be cleared,
	// or a move to it was cut short. What lies in it is never read again, and the next logout that meets it clears it.
	Leftover bool `json:"leftover,omitempty"`
	// Seed is the hash of the refresh token from outside that the login was begun with, "" where a user signed in.
	Seed string `json:"seed,omitempty"`
	// Unsent says that this refresh token hasn't been sent to the provider yet: nothing is known of it, and another may take its place.
	Unsent bool `json:"unsent,omitempty"`
	// Unproven says that this refresh token is all there is of the login: nothing has come of it yet.
	Unproven bool `json:"unproven,omitempty"`
	// UsedSeeds are the hashes of those that logins before it were begun with.
	UsedSeeds []string `json:"used_seeds,omitempty"`
	// Own says that the token is the client's own, which is got anew when it ends; OwnScopes and OwnACRValues are what it was asked for with,
	// so that the next one is for the same.
	Own          bool     `json:"own,omitempty"`
	OwnScopes    []string `json:"own_scopes,omitempty"`
	OwnACRValues []string `json:"own_acr_values,omitempty"`
	// Settings are the profile's, as "key=value", by which a login goes on that flags alone have made, and by which one can be ended whose profile
	// is gone. None is a secret.
	Settings []string `json:"settings,omitempty"`
}

// Summary is what a caller who has verified a login puts on record for status.
type Summary struct {
	Subject, Name, Organisation string
	Organisations               []string
	// Own says that the token is the client's own (RFC 6749 section 4.4), asked for with OwnScopes and OwnACRValues.
	Own                     bool
	OwnScopes, OwnACRValues []string
	Settings                []string // of the profile, as "key=value"
}

// Options say where and how.
type Options struct {
	Dir      string        // the state folder of the store, made when missing (0700)
	Deadline time.Duration // for one keyring call; 0: 3 s
	Now      func() time.Time
	Rand     io.Reader
	// After is time.After, for the waits on locks and prompts; nil: time.After.
	After func(time.Duration) <-chan time.Time
	// Getenv reads the environment, for the session bus of Linux; nil is an empty environment, where there is no keyring.
	// The bus itself is dialled by the D-Bus library with the process's own environment: pass that or nothing.
	Getenv func(string) string
	// Waiting is called once when a lock or an unlocking prompt keeps us waiting for a second; nil: nobody is told.
	Waiting func(what string)
	// NoPrompt says that nobody is there to unlock the keyring: a locked one is then an error at once.
	NoPrompt bool
	// LookOnly says that what is damaged is to stay where it is: somebody looks what is wrong, and is to find it again.
	LookOnly bool
	// SealKey gives what opens a sealed file: an age identity ("AGE-SECRET-KEY-1...") or a passphrase. Called at most once,
	// only when needed; nil or an empty result gives ErrNoSealKey.
	SealKey func(ctx context.Context, wanted KeyWanted) (SealKey, error)
	// Again gives another passphrase in the place of a wrong one; the zero Secret ends it, and nil gives none.
	Again func(ctx context.Context) (token.Secret, error)

	keyring    keyring                         // instead of the system's; tests
	limit      int                             // the longest value of keyring; tests
	workFactor int                             // of scrypt; tests
	fault      func(step, path string) error   // asked before each step of a file's replacement; tests
	reading    func(path string) (stop func()) // told of each read of a file; tests
}

// KeyWanted says which key is of use.
type KeyWanted int

// The keys that are of use.
const (
	NewKey        KeyWanted = iota // any: there is nothing yet that it must open. Whoever is asked for a passphrase is asked twice
	PassphraseKey                  // the passphrase that what is there was sealed with
	IdentityKey                    // the identity that what is there was sealed to: there is no use in asking for a passphrase
)

// SealKey opens the sealed file: one of the two is set.
type SealKey struct {
	Identity   token.Secret // an X25519 age identity; the text of an identity file with its comments will do
	Passphrase token.Secret
}

// SecretKind names a secret that is kept apart from the login.
type SecretKind string

// The kinds of secret.
const (
	ClientSecret        SecretKind = "client-secret"
	IntrospectionSecret SecretKind = "introspection-secret"
	// APIHeaders are the headers that APIs know their caller by, one value for all of them.
	APIHeaders SecretKind = "api-headers"
	ClientKey  SecretKind = "client-key"
)

func secretKinds() []SecretKind {
	return []SecretKind{APIHeaders, ClientKey, ClientSecret, IntrospectionSecret}
}

// sameIssuer compares issuers as a binding does.
func (b Binding) same(issuer, clientID string) bool {
	return trimSlash(b.Issuer) == trimSlash(issuer) && b.ClientID == clientID
}

func trimSlash(s string) string {
	if n := len(s); n > 0 && s[n-1] == '/' {
		return s[:n-1]
	}
	return s
}
