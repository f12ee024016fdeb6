// Package token holds what a login consists of, apart from how it was got and where it is kept: secrets that cannot
// be printed by accident, the set of tokens that one login gave, and JWTs with claims that say by their type whether
// anybody has checked them. It does no input or output.
package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
)

// Secret is a value that must not be shown: a token, a code, a client secret, a passphrase. The zero value is an empty
// secret. It holds a pointer, so that a formatting verb that walks unexported fields meets an address and not the value;
// every ordinary way of printing or encoding it gives a placeholder. Reveal is the only way out.
type Secret struct {
	value *string
}

// NewSecret takes v into custody. An empty v gives the zero Secret.
func NewSecret(v string) Secret {
	if v == "" {
		return Secret{}
	}
	return Secret{value: &v}
}

// Reveal returns the value. Call it only where the value goes on the wire, into the store, or out because the user
// asked for exactly that.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.value == nil }

// Len returns the length of the value in bytes, which may be shown.
func (s Secret) Len() int {
	if s.value == nil {
		return 0
	}
	return len(*s.value)
}

// Equal compares two secrets in a time that doesn't depend on where they differ.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(o.Reveal())) == 1
}

// Fingerprint returns the first eight hexadecimal digits of the value's SHA-256, by which two sightings of one secret
// can be told to be the same without showing any of it. The empty secret gives "".
func (s Secret) Fingerprint() string {
	if s.IsZero() {
		return ""
	}
	sum := sha256.Sum256([]byte(*s.value))
	return hex.EncodeToString(sum[:4])
}

// Format implements fmt.Formatter, for every verb alike.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, s.placeholder())
}

// String gives the placeholder to callers that don't go through fmt.
func (s Secret) String() string { return s.placeholder() }

// GoString gives the placeholder.
func (s Secret) GoString() string { return s.placeholder() }

// MarshalText implements encoding.TextMarshaler with the placeholder: a secret that is to be stored is revealed by the
// store itself.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.placeholder()), nil }

func (s Secret) placeholder() string {
	if s.IsZero() {
		return "[none]"
	}
	return "[secret]"
}
