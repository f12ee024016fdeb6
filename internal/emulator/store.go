package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
)

const (
	stateName = "state.json"
	lockName  = "state.lock"
	tempName  = "state.json.new"

	maxState = 32 << 20 // a longer state file isn't one of ours
	lockWait = 20 * time.Second
	lockPoll = 3 * time.Millisecond
)

// CheckState looks whether a server could go on from the state in a folder, and leaves all as it is: nil where it could, or where there is none
// yet, and a *StateError where it would set the file aside.
func CheckState(dir string) error {
	st := &store{dir: dir, keys: &keyCache{}}
	b, err := readState(st.path(stateName))
	if err == nil {
		_, err = st.decode(b)
	}
	if _, ok := errors.AsType[*unusableError](err); ok {
		return &StateError{Path: st.path(stateName), Err: err}
	}
	return err
}

// StateError says that a state file can't be read as one. It is where it was.
type StateError struct {
	Path string
	Err  error
}

func (e *StateError) Error() string {
	return fmt.Sprintf("the emulator's state %s can't be used (%v)", e.Path, e.Err)
}

// Unwrap returns what is wrong with it.
func (e *StateError) Unwrap() error { return e.Err }

// SetAsideError says that a state file couldn't be read as one, and where it lies now. The server goes on with an empty
// state: every login made before is gone.
type SetAsideError struct {
	Path string // where it was
	Kept string // where it is
	Err  error  // what is wrong with it
}

func (e *SetAsideError) Error() string {
	return fmt.Sprintf("the emulator's state %s can't be used (%v); it was kept as %s, and a new one begun", e.Path, e.Err, e.Kept)
}

func (e *SetAsideError) Unwrap() error { return e.Err }

// store keeps the state: in memory, or in a folder, where any number of processes share it. Each change is a whole
// read-modify-write under a lock that processes respect too, so what one has taken no other finds.
type store struct {
	dir    string
	now    func() time.Time
	notice func(error)
	keys   *keyCache // reading a state reads its keys, once

	seen     atomic.Pointer[seenFile] // the file as it was last read or written
	decoding sync.Mutex               // so that one file is taken apart once

	mu      sync.Mutex // before the file's lock, so that requests of one process don't poll against each other
	mem     *state     // the state while there is no folder
	changes int        // of mem
}

// seenFile is a state file and what it says. The state is shared, and altered by nobody.
type seenFile struct {
	text  []byte
	state *state
}

// read returns keys and browser sessions as they are now, to look at and not to alter; it has no codes and no tokens, which
// view has. It takes no lock on a file, which is only ever replaced as a whole.
func (st *store) read(ctx context.Context) (*state, error) {
	var out *state
	err := st.view(ctx, func(s *state) {
		copied := *s // in memory, update puts new sessions in the place of the old ones
		copied.Codes, copied.Refresh, copied.References = nil, nil, nil
		out = &copied
	})
	return out, err
}

// view lets look see the state as it is now. It must keep nothing of it but codes and tokens.
func (st *store) view(ctx context.Context, look func(*state)) error {
	if st.dir == "" {
		st.mu.Lock()
		defer st.mu.Unlock()
		look(st.memory())
		return nil
	}
	s, err := st.readFile(ctx)
	if err == nil {
		look(s)
	}
	return err
}

// memory returns the state while there is no folder; the lock is held.
func (st *store) memory() *state {
	if st.mem == nil {
		st.mem = newState()
	}
	return st.mem
}

// preload takes the file apart for whoever will need it. What is amiss with it, they find.
func (st *store) preload() {
	if st.dir == "" {
		return
	}
	if b, err := readState(st.path(stateName)); err == nil {
		_, _ = st.decode(b)
	}
}

func (st *store) readFile(ctx context.Context) (*state, error) {
	b, err := readState(st.path(stateName))
	if err == nil {
		var s *state
		if s, err = st.decode(b); err == nil {
			return s, nil
		}
	}
	if _, ok := errors.AsType[*unusableError](err); !ok {
		return nil, err
	}
	// Only the holder of the lock may move it away.
	var out *state
	err = st.update(ctx, func(s *state) error {
		out = s
		return nil
	})
	return out, err
}

// update lets change alter the state and keeps the result before it returns. When change fails, nothing is kept.
func (st *store) update(ctx context.Context, change func(*state) error) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if st.dir == "" {
		s := st.memory().clone()
		err := change(s)
		if err == nil {
			st.mem = s
			st.changed()
		}
		return err
	}
	if err := os.MkdirAll(st.dir, 0o700); err != nil {
		return fmt.Errorf("make the emulator's folder: %w", err)
	}
	unlock, err := st.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := st.load()
	if err != nil {
		return err
	}
	b, err := st.apply(s, change)
	if err != nil {
		return err
	}
	if err := st.write(b); err != nil {
		return err
	}
	st.seen.Store(&seenFile{b, s})
	return nil
}

// alter is update for what cannot fail halfway, and for codes and tokens alone: in memory it changes these in place, and so
// takes no longer the more of them there are.
func (st *store) alter(ctx context.Context, change func(*state)) error {
	if st.dir != "" {
		return st.update(ctx, func(s *state) error {
			change(s)
			return nil
		})
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	change(st.memory())
	st.changed()
	return nil
}

// changed prunes the state in memory now and then: nothing that has expired is taken for good before that either.
func (st *store) changed() {
	if st.changes++; st.changes%memoryPrune == 0 {
		st.mem = st.mem.clone()
		st.mem.prune(st.now(), memoryRoom)
	}
}

func (st *store) apply(s *state, change func(*state) error) ([]byte, error) {
	if err := change(s); err != nil {
		return nil, err
	}
	s.prune(st.now(), 1)
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the emulator's state: %w", err)
	}
	return append(b, '\n'), nil
}

func (st *store) path(name string) string { return filepath.Join(st.dir, name) }

func (st *store) lock(ctx context.Context) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	l := flock.New(st.path(lockName), flock.SetPermissions(0o600))
	if ok, err := l.TryLockContext(ctx, lockPoll); err != nil || !ok {
		return nil, fmt.Errorf("lock the emulator's state %s: %w", st.path(lockName), err)
	}
	return func() { _ = l.Unlock() }, nil // closing the file, which follows, gives the lock back too
}

// load reads the state under the lock. A file that isn't one is moved out of the way, never written over.
func (st *store) load() (*state, error) {
	path := st.path(stateName)
	b, err := readState(path)
	if err == nil {
		var s *state
		if s, err = st.decode(b); err == nil {
			return s.clone(), nil
		}
	}
	if _, ok := errors.AsType[*unusableError](err); !ok {
		return nil, err
	}
	kept, moveErr := st.setAside(path)
	if moveErr != nil {
		return nil, fmt.Errorf("set the emulator's state %s aside (%w): %w", path, err, moveErr)
	}
	st.notice(&SetAsideError{Path: path, Kept: kept, Err: err})
	return newState(), nil
}

func (st *store) setAside(path string) (string, error) {
	stamp := path + ".unusable-" + st.now().UTC().Format("20060102T150405Z")
	kept := stamp
	for n := 2; ; n++ {
		// Under the lock nobody else makes such names, so looking first is enough.
		if _, err := os.Lstat(kept); errors.Is(err, fs.ErrNotExist) {
			return kept, os.Rename(path, kept)
		} else if err != nil {
			return "", err
		}
		kept = stamp + "-" + strconv.Itoa(n)
	}
}

// write replaces the file: after a crash there is the old state or the new one, and nothing between.
func (st *store) write(b []byte) error {
	temp := st.path(tempName)
	// One left by a crash is ours to remove: we hold the lock.
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the emulator's state: %w", err)
	}
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the emulator's state: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp, st.path(stateName))
	}
	if err != nil {
		return fmt.Errorf("write the emulator's state: %w", err)
	}
	// Where folders can't be synced (Windows), the rename is as safe as the system makes it.
	if d, err := os.Open(st.dir); err == nil {
		_ = d.Sync()  // see above
		_ = d.Close() // opened for reading
	}
	return nil
}

// unusableError says that what lies at the state's place is no state of this program.
type unusableError struct{ err error }

func (e *unusableError) Error() string { return e.err.Error() }
func (e *unusableError) Unwrap() error { return e.err }

// readState reads the file; a missing one gives nothing and no error.
func readState(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the emulator's state: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &unusableError{errors.New("it is no ordinary file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the emulator's state: %w", err)
	}
	defer f.Close() // opened for reading
	b, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil {
		return nil, fmt.Errorf("read the emulator's state: %w", err)
	}
	if len(b) > maxState {
		return nil, &unusableError{fmt.Errorf("it is longer than %d bytes", maxState)}
	}
	if len(b) == 0 {
		return nil, &unusableError{errors.New("it is empty")}
	}
	return b, nil
}

// decode reads a state; nothing at all is an empty one. It gives what a file says, to look at and not to alter. Most requests find the file that the one before left, and to take it apart costs
// more than they do.
func (st *store) decode(b []byte) (*state, error) {
	if b == nil {
		return newState(), nil
	}
	if seen := st.seen.Load(); seen != nil && bytes.Equal(seen.text, b) {
		return seen.state, nil
	}
	st.decoding.Lock()
	defer st.decoding.Unlock()
	if seen := st.seen.Load(); seen != nil && bytes.Equal(seen.text, b) {
		return seen.state, nil // while this one waited
	}
	s, err := st.parse(b)
	if err == nil {
		st.seen.Store(&seenFile{b, s})
	}
	return s, err
}

func (st *store) parse(b []byte) (*state, error) {
	s := &state{}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(s); err != nil {
		return nil, &unusableError{fmt.Errorf("it can't be read: %w", err)}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &unusableError{errors.New("something follows it")}
	}
	if s.Format != stateFormat || s.Version != stateVersion {
		return nil, &unusableError{fmt.Errorf("it is of format %q version %d, expected %q version %d",
			s.Format, s.Version, stateFormat, stateVersion)}
	}
	for _, k := range s.Keys {
		if _, err := st.keys.parse(k); err != nil {
			return nil, &unusableError{err}
		}
	}
	s.fill()
	return s, nil
}
