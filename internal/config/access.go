package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// AccessError says that somebody else than the user can change the configuration: whoever writes to it says where secrets and tokens go.
type AccessError struct {
	Path    string // the file, or a folder that leads to it
	Problem string
	Mend    string // the command that mends it; "" if there is none
}

// Error tells path and problem.
func (e *AccessError) Error() string { return e.Path + ": " + e.Problem }

// CheckAccess looks whether nobody but the user, and the system's administrator, can change the file, or put another in its place. A
// symbolic link is followed; a file that isn't there yet is looked for in its folder. The error is an *AccessError, or the system's.
func CheckAccess(path string) error {
	target, err := resolveLink(path)
	if err != nil {
		return err
	}
	for _, p := range []string{target, filepath.Dir(target)} {
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return bare(err)
		}
		if err := checkWriters(p, info); err != nil {
			return err
		}
	}
	return nil
}
