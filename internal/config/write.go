package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockWait is how long an edit waits for another process's: one takes milliseconds.
	lockWait = 10 * time.Second
	// lockRetry is how often it looks.
	lockRetry = 20 * time.Millisecond
)

// edit reads the file under its lock, lets change make a new document of it and replaces the file by that. Nothing is
// written when nothing changes. A file that is a symbolic link, as people have who keep their configuration elsewhere, is
// followed: its target is replaced and the link stays.
func edit(ctx context.Context, path string, change func(*document) (*document, error)) error {
	target, err := resolveLink(path)
	if err != nil {
		return &FileError{Path: path, Problem: "can't be followed", Err: bare(err)}
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return &FileError{Path: path, Problem: "can't make its folder", Err: bare(err)}
	}
	unlock, err := lock(ctx, target, lockWait)
	if err != nil {
		return err
	}
	defer unlock()
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return &FileError{Path: path, Problem: "isn't a file that can be edited"}
	}
	data, err := read(target)
	if err != nil {
		return err
	}
	before, err := parse(path, data)
	if err != nil {
		return err
	}
	after, err := change(before)
	if err != nil {
		return err
	}
	result := slices.Concat(after.bom, after.body)
	if bytes.Equal(result, data) {
		return nil
	}
	if err := writeAtomic(target, result); err != nil {
		return &FileError{Path: path, Problem: "can't be written", Err: bare(err)}
	}
	return nil
}

// lock takes the lock that keeps two edits from losing one another's work. It lies beside the file, since the file itself is
// replaced, and is never removed: whoever waits on a removed lock file has no lock.
func lock(ctx context.Context, target string, wait time.Duration) (unlock func(), err error) {
	path := target + ".lock"
	l := flock.New(path)
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	_, err = l.TryLockContext(ctx, lockRetry)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, &FileError{Path: path, Problem: fmt.Sprintf("another process has held this lock for %s", wait)}
	}
	if err != nil {
		return nil, &FileError{Path: path, Problem: "can't be locked", Err: bare(err)}
	}
	return func() { _ = l.Unlock() }, nil
}

// resolveLink follows a path that is a symbolic link to where its target is or would be.
func resolveLink(path string) (string, error) {
	for range 32 {
		// The folder first: a link's relative target counts from where the link really lies.
		if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
			path = filepath.Join(dir, filepath.Base(path))
		}
		link, err := os.Readlink(path)
		if err != nil {
			// No link, or nothing there yet.
			return path, nil //nolint:nilerr // what is wrong with the path comes out when it is read
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", errors.New("too many symbolic links")
}

// writeAtomic replaces a file: after a crash there is the old one or the new one, whole.
func writeAtomic(target string, data []byte) (err error) {
	dir := filepath.Dir(target)
	f, err := os.CreateTemp(dir, ".config-*.tmp") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), target); err != nil {
		return err
	}
	// That the new name itself survives a crash takes a sync of the folder, which not every system can do.
	if d, openErr := os.Open(dir); openErr == nil {
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}
