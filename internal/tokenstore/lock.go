package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// The pauses between two tries for a lock: a refresh takes tens of milliseconds at least, a reader under the lock a few.
const (
	lockPause    = 2 * time.Millisecond
	maxLockPause = 50 * time.Millisecond
)

// Lock takes the profile's lock against every other process and every other Store, or waits for it until ctx ends.
// Options.Waiting is told after a second. The system frees the lock of a process that died. Lock, Load, Prepare,
// SaveRefreshed and End are what a refresh needs of its keeper.
func (s *Store) Lock(ctx context.Context) (unlock func(), err error) {
	select {
	case s.sem <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.mem != nil {
		return sync.OnceFunc(func() { <-s.sem }), nil
	}
	f, err := s.flock(ctx)
	if err != nil {
		<-s.sem
		return nil, err
	}
	s.held, s.cur = true, nil
	return sync.OnceFunc(func() {
		if s.reserve != nil {
			_ = s.reserve.Close() // what was written to it was synced
		}
		s.held, s.cur, s.reserve = false, nil, nil
		_ = f.Unlock() // closing the file frees it at the latest
		<-s.sem
	}), nil
}

func (s *Store) flock(ctx context.Context) (*flock.Flock, error) {
	path := s.own(lockFile)
	f := flock.New(path, flock.SetPermissions(0o600))
	quiet := s.o.after(promptQuiet)
	pause := lockPause
	for {
		ok, err := f.TryLock()
		if err != nil {
			return nil, fileError("lock", path, err)
		}
		if ok && lies(f, path) {
			return f, nil
		}
		if ok {
			// Whoever held it has removed the profile: this is a lock on a file that nobody else will find.
			_ = f.Unlock()
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-quiet:
			quiet = nil
			if s.o.Waiting != nil {
				s.o.Waiting(fmt.Sprintf("another simsid that is using the login of profile %q", s.b.Profile))
			}
		case <-s.o.after(pause):
			pause = min(2*pause, maxLockPause)
		}
	}
}

// lies reports whether the file that is locked is still the one at path.
func lies(f *flock.Flock, path string) bool {
	locked, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(locked, now)
}

// locked runs fn under the lock, which the caller may hold already.
func (s *Store) locked(ctx context.Context, fn func() error) error {
	if s.held {
		return fn()
	}
	unlock, err := s.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return fn()
}

var errNotLocked = errors.New("the lock isn't held")
