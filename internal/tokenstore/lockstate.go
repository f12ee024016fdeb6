package tokenstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// LockState is what can be told of a profile's lock from outside.
type LockState struct {
	Path   string
	There  bool // the file; it stays where a process died, and is free then, since the system frees a dead process's locks
	Held   bool // by a process that didn't let go in the time that was given
	Holder int  // its number; 0 where the system doesn't tell
}

// LookAtLock tells whether a process holds the profile's lock for longer than wait: a refresh takes as long as the provider does. It makes no
// file, and lets go at once.
func LookAtLock(ctx context.Context, o Options, profile string, wait time.Duration) (LockState, error) {
	if err := checkName(profile); err != nil {
		return LockState{}, nameError(profile, err)
	}
	st := LockState{Path: filepath.Join(o.Dir, fileStem(profile)+lockFile)}
	fi, err := os.Lstat(st.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err == nil {
		err = checkFile(st.Path, fi)
	}
	if err != nil {
		return st, fileError("look at lock", st.Path, err)
	}
	st.There = true
	f := flock.New(st.Path, flock.SetPermissions(0o600))
	defer f.Close()
	over := o.after(wait)
	for {
		free, err := f.TryLock()
		if err != nil {
			return st, fileError("look at lock", st.Path, err)
		}
		if free {
			return st, nil
		}
		select {
		case <-ctx.Done():
			return st, ctx.Err()
		case <-over:
			st.Held, st.Holder = true, holderOf(fi)
			return st, nil
		case <-o.after(maxLockPause):
		}
	}
}
