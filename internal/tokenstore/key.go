package tokenstore

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"

	"filippo.io/age"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/simsid/simsid/internal/token"
)

// key opens and seals the files of one place. It is an X25519 age identity, and whoever has that opens a sealed file with the age
// program. For simsid itself the header has a second stanza, the shortcut, which wraps the file's key by the identity's text alone, as a secret that
// both sides have: to read a login then takes no arithmetic on the curve, which is otherwise the longest part of a command that prints a token.
// A file without that stanza, as age itself writes it, is opened by the other.
type key struct {
	text token.Secret // the identity, and nothing else: "AGE-SECRET-KEY-1..."

	parsing sync.Mutex
	id      *age.X25519Identity // nil until somebody wants it
}

func newKey() (*key, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	return &key{text: token.NewSecret(id.String()), id: id}, nil
}

// readKey takes an identity, or the text of an identity file with its comments. Whether it is one, identity tells. The error is ErrBadKey.
func readKey(text token.Secret) (*key, error) {
	found := ""
	for line := range strings.Lines(text.Reveal()) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if found != "" {
			return nil, ErrBadKey
		}
		found = line
	}
	if found == "" {
		return nil, ErrBadKey
	}
	return &key{text: token.NewSecret(found)}, nil
}

// identity parses the key when it is first needed for that. The error is ErrBadKey and shows nothing of the key; age's own would show the characters that it
// stumbles over.
func (k *key) identity() (*age.X25519Identity, error) {
	k.parsing.Lock()
	defer k.parsing.Unlock()
	if k.id != nil {
		return k.id, nil
	}
	id, err := age.ParseX25519Identity(k.text.Reveal())
	if err != nil {
		return nil, ErrBadKey
	}
	k.id = id
	return id, nil
}

// file is the key as the text of an identity file.
func (k *key) file() []byte { return []byte(k.text.Reveal() + "\n") }

// The shortcut's stanza is made as age's own scrypt stanza is (C2SP age, "The scrypt recipient type"): its type, a salt, and the file's key under
// ChaCha20-Poly1305 with a zero nonce. The key of that is HKDF-SHA-256 of the identity's text, with the salt, so it seals one thing only.
const (
	shortcutType = "simsid"
	shortcutInfo = "simsid sealed file"
	shortcutSalt = 16 // bytes
	fileKeySize  = 16 // bytes, of every age file
)

// Wrap is age.Recipient's.
func (k *key) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	id, err := k.identity()
	if err != nil {
		return nil, err
	}
	stanzas, err := id.Recipient().Wrap(fileKey)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, shortcutSalt)
	_, _ = rand.Read(salt) //nolint:forbidigo // as age does for all the rest of the header; it never fails
	aead, err := k.shortcut(salt)
	if err != nil {
		return nil, err
	}
	return append(stanzas, &age.Stanza{
		Type: shortcutType, Args: []string{base64.RawStdEncoding.EncodeToString(salt)}, Body: aead.Seal(nil, make([]byte, chacha20poly1305.NonceSize), fileKey, nil),
	}), nil
}

// Unwrap is age.Identity's. Beside age's errors it gives ErrBadKey.
func (k *key) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if fileKey, ok := k.unwrapShortcut(s); ok {
			return fileKey, nil
		}
	}
	id, err := k.identity()
	if err != nil {
		return nil, err
	}
	return id.Unwrap(stanzas)
}

func (k *key) unwrapShortcut(s *age.Stanza) ([]byte, bool) {
	if s.Type != shortcutType || len(s.Args) != 1 || len(s.Body) != fileKeySize+chacha20poly1305.Overhead {
		return nil, false
	}
	salt, err := base64.RawStdEncoding.Strict().DecodeString(s.Args[0])
	if err != nil || len(salt) != shortcutSalt {
		return nil, false
	}
	aead, err := k.shortcut(salt)
	if err != nil {
		return nil, false
	}
	fileKey, err := aead.Open(nil, make([]byte, chacha20poly1305.NonceSize), s.Body, nil)
	return fileKey, err == nil
}

func (k *key) shortcut(salt []byte) (cipher.AEAD, error) {
	wrapping, err := hkdf.Key(sha256.New, []byte(k.text.Reveal()), salt, shortcutInfo, chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return chacha20poly1305.New(wrapping)
}

// errNoKey says that there is no key where it should be and none was to be made.
var errNoKey = errors.New("its key is gone")
