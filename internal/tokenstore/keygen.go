package tokenstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"github.com/simsid/simsid/internal/token"
)

// Identity is a new key for sealed files.
type Identity struct {
	Public string       // the recipient that others may know: "age1..."
	Text   token.Secret // an identity file as age-keygen writes it
}

// NewIdentity makes an X25519 age identity.
func NewIdentity(now time.Time) (Identity, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return Identity{}, fmt.Errorf("make key: %w", err)
	}
	public := id.Recipient().String()
	text := fmt.Sprintf("# created: %s\n# public key: %s\n%s\n", now.UTC().Format(time.RFC3339), public, id)
	return Identity{Public: public, Text: token.NewSecret(text)}, nil
}

// WriteFile writes the identity to a new file that only its owner can read, and returns when it is on disk. A file that is
// there already is left alone: it may be the only key to a login. The error is an *Error.
func (i Identity) WriteFile(path string) error {
	err := (Options{}).create(path, []byte(i.Text.Reveal()))
	if errors.Is(err, fs.ErrExist) {
		return fileError("write", path, fs.ErrExist)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		_ = os.Remove(path) // half a key is none; the failure to write it is what matters
		return fileError("write", path, err)
	}
	return nil
}
