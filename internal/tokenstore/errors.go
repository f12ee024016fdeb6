package tokenstore

import (
	"errors"
	"fmt"
	"strings"
)

// What a caller tells apart.
var (
	ErrAbsent    = errors.New("there is no keyring")        // no service, no bus, no collection
	ErrLocked    = errors.New("the keyring is locked")      // or silent
	ErrRefused   = errors.New("the keyring refused")        // the user or the system said no
	ErrNoSealKey = errors.New("no key for the sealed file") // neither identity nor passphrase
	ErrSealKey   = errors.New("the key doesn't open the sealed file")
	// ErrPassphrase is ErrSealKey of a passphrase.
	ErrPassphrase error = passphraseError{}
	// ErrNeedsIdentity comes with ErrSealKey or ErrNoSealKey.
	ErrNeedsIdentity = errors.New("it was sealed to an age identity, which no passphrase is")
	ErrBadKey        = errors.New("the key is not an X25519 age identity (AGE-SECRET-KEY-1 and 58 characters)")
	ErrNoLogin       = errors.New("no login is kept")
	ErrEnded         = errors.New("the login has ended")
	ErrLater         = errors.New("written by a later version of simsid")
	ErrName          = errors.New("not a name that a profile can have")
	ErrBackend       = errors.New("not a backend: keyring, file, memory or auto")
)

// Error is a failure of a store: what was tried, where, and one of the sentinels, a *PermissionError, a *DamagedError or a
// system error beneath.
type Error struct {
	Operation string
	Backend   Backend
	Path      string // for the file
	Err       error
}

func (e *Error) Error() string {
	where := e.Path
	if where == "" {
		where = string(e.Backend)
	}
	if where == "" {
		return e.Operation + ": " + e.Err.Error()
	}
	return e.Operation + " " + where + ": " + e.Err.Error()
}

// Unwrap gives what lies beneath.
func (e *Error) Unwrap() error { return e.Err }

// BindingError says that what is kept belongs to another issuer or client than the one asked for.
type BindingError struct {
	Profile   string
	Kept, Now Binding
}

func (e *BindingError) Error() string {
	if e.Kept.ClientID == e.Now.ClientID {
		return fmt.Sprintf("what is kept for profile %q belongs to issuer %q, not %q", e.Profile, e.Kept.Issuer, e.Now.Issuer)
	}
	if trimSlash(e.Kept.Issuer) == trimSlash(e.Now.Issuer) {
		return fmt.Sprintf("what is kept for profile %q belongs to client %q, not %q", e.Profile, e.Kept.ClientID, e.Now.ClientID)
	}
	return fmt.Sprintf("what is kept for profile %q belongs to client %q at %q, not to client %q at %q",
		e.Profile, e.Kept.ClientID, e.Kept.Issuer, e.Now.ClientID, e.Now.Issuer)
}

// ConflictError says that another backend is on record for the profile.
type ConflictError struct {
	Profile        string
	Wanted, Active Backend
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("profile %q is kept in backend %q, not %q", e.Profile, e.Active, e.Wanted)
}

// EmergencyError says that the new tokens are safe, but not where they belong; the next Load picks them up.
type EmergencyError struct {
	Path string
	Err  error
}

func (e *EmergencyError) Error() string {
	return "the new tokens are kept in " + e.Path + ", because their own place failed: " + e.Err.Error()
}

// Unwrap gives what made the proper place fail.
func (e *EmergencyError) Unwrap() error { return e.Err }

// PermissionError says that a file or folder of the store could be read or changed by others, or is none of ours.
type PermissionError struct {
	Path    string
	Problem string
	Mend    string // the command that mends it; "" if there is none
}

func (e *PermissionError) Error() string {
	if e.Mend == "" {
		return e.Problem
	}
	return e.Problem + "; mend it with: " + e.Mend
}

// DamagedError says that a file is cut, or wasn't written by simsid. It was set aside and not overwritten.
type DamagedError struct {
	Path    string
	MovedTo string // "" when it was left where it is
	Err     error
}

func (e *DamagedError) Error() string {
	s := "damaged, or not simsid's"
	if e.MovedTo != "" {
		s += "; set aside as " + e.MovedTo
	}
	return s + ": " + e.Err.Error()
}

// Secrets reports whether the file is that of the client's secrets, which no login brings back.
func (e *DamagedError) Secrets() bool { return strings.HasSuffix(e.Path, secretsFile) }

// Unwrap gives what is wrong with the file.
func (e *DamagedError) Unwrap() error { return e.Err }

type passphraseError struct{}

func (passphraseError) Error() string { return "the passphrase is wrong" }

func (passphraseError) Unwrap() error { return ErrSealKey }
