package certificate

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Place is where this machine's certificate lies, and what is needed to make one.
type Place struct {
	Dir  string
	Now  func() time.Time
	Rand io.Reader
}

// ErrNone says that this machine has no certificate yet.
var ErrNone = errors.New("this machine has no certificate for https on loopback yet")

// FileError says that the certificate's file can't be used.
type FileError struct {
	Path    string
	Problem string
	Mend    string // a command; "" if none
	Err     error  // the cause, if another package has one
}

func (e *FileError) Error() string {
	s := "certificate " + e.Path + ": " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *FileError) Unwrap() error { return e.Err }

// Path is the file, which holds certificate and key, so that no crash leaves one without the other.
func (p Place) Path() string { return filepath.Join(p.Dir, "localhost.pem") }

// Load reads the certificate: ErrNone without one, *FileError for one that can't be used.
func (p Place) Load() (*Certificate, error) {
	path := p.Path()
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNone
	case err != nil:
		return nil, &FileError{Path: path, Problem: "can't be read", Err: err}
	case !fi.Mode().IsRegular():
		return nil, &FileError{Path: path, Problem: "is no regular file"}
	case runtime.GOOS != "windows" && fi.Mode().Perm()&0o077 != 0: // there the folder's access list does it
		return nil, &FileError{Path: path, Problem: "holds a key that others can read", Mend: "chmod 600 '" + path + "'"}
	}
	const most = 1 << 20
	f, err := os.Open(path)
	if err != nil {
		return nil, &FileError{Path: path, Problem: "can't be read", Err: err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, &FileError{Path: path, Problem: "can't be read", Err: err}
	}
	c, err := Parse(b, b)
	if err != nil {
		return nil, &FileError{Path: path, Problem: "is damaged", Mend: "simsid cert renew", Err: err}
	}
	return c, nil
}

// Ensure gives the certificate, and makes one where there is none or where it ends soon. made tells that it is new: browsers don't know
// it yet.
func (p Place) Ensure() (c *Certificate, made bool, err error) {
	c, err = p.Load()
	switch {
	case err == nil && p.Now().Before(c.Leaf.NotAfter.Add(-RenewBefore)):
		return c, false, nil
	case err == nil:
		c, err = p.Renew()
		return c, true, err
	case !errors.Is(err, ErrNone):
		return nil, false, err
	}
	tmp, err := p.write()
	if err != nil {
		return nil, false, err
	}
	defer os.Remove(tmp) // its other name stays
	// A link fails where a file is: of two logins at once, both on a fresh machine, the second uses the first one's.
	err = os.Link(tmp, p.Path())
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(tmp, p.Path()) // a file system without links
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, &FileError{Path: p.Path(), Problem: "can't be written", Err: err}
	}
	c, err = p.Load()
	return c, true, err
}

// Renew makes a new certificate with a new key in place of what is there.
func (p Place) Renew() (*Certificate, error) {
	tmp, err := p.write()
	if err != nil {
		return nil, err
	}
	if err := os.Rename(tmp, p.Path()); err != nil {
		_ = os.Remove(tmp)
		return nil, &FileError{Path: p.Path(), Problem: "can't be written", Err: err}
	}
	return p.Load()
}

// write puts a new certificate into a file beside its place.
func (p Place) write() (tmp string, err error) {
	b, err := create(p.Now(), p.Rand)
	if err != nil {
		return "", fmt.Errorf("certificate: %w", err)
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return "", &FileError{Path: p.Path(), Problem: "can't be written", Err: err}
	}
	suffix := make([]byte, 6)
	if _, err := io.ReadFull(p.Rand, suffix); err != nil {
		return "", fmt.Errorf("certificate: read random bytes: %w", err)
	}
	tmp = p.Path() + ".new-" + hex.EncodeToString(suffix)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", &FileError{Path: p.Path(), Problem: "can't be written", Err: err}
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(tmp)
		return "", &FileError{Path: p.Path(), Problem: "can't be written", Err: err}
	}
	return tmp, nil
}
