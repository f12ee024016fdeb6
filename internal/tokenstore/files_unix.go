//go:build unix

package tokenstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// checkOwner refuses what belongs to somebody else, root included: a file that root left in a user's folder, or a user's
// in root's, would be read by one and replaced by the other.
func checkOwner(path string, fi fs.FileInfo, want fs.FileMode) error {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return &PermissionError{Path: path, Problem: "its owner is unknown"}
	}
	return checkOwnership(path, st.Uid, fi.Mode(), want)
}

func checkOwnership(path string, owner uint32, mode, want fs.FileMode) error {
	if me := os.Geteuid(); int(owner) != me {
		return &PermissionError{
			Path:    path,
			Problem: fmt.Sprintf("it belongs to user %d, not to user %d", owner, me),
			Mend:    fmt.Sprintf("sudo chown %d %s", me, shellQuote(path)),
		}
	}
	if mode.Perm()&0o077 != 0 {
		return &PermissionError{
			Path:    path,
			Problem: modeProblem(mode),
			Mend:    fmt.Sprintf("chmod %o %s", want, shellQuote(path)),
		}
	}
	return nil
}

// loose reports whether a file is ours, and its mode lets others in.
func loose(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && fi.Mode().Perm()&0o077 != 0
}

// readFile gives the bytes of a regular file of ours that nobody else can read, up to maxFile of them and a few. It is the open file that
// is looked at: a name may lead elsewhere a moment later. A symbolic link isn't followed, and a named pipe not waited for. It goes
// below package os, which would first tell the runtime's poller of a file that never makes anybody wait.
func readFile(path string) ([]byte, error) {
	fd, err := retry(func() (int, error) {
		return syscall.Open(path, syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	})
	if err != nil {
		// What is the matter with it says more than that it couldn't be opened.
		if fi, lerr := os.Lstat(path); lerr == nil {
			if err := checkFile(path, fi); err != nil {
				return nil, err
			}
		}
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }() // it was only read
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, notRegular(path)
	}
	if err := checkOwnership(path, st.Uid, fs.FileMode(st.Mode)&fs.ModePerm, 0o600); err != nil {
		return nil, err
	}
	b := make([]byte, 0, min(st.Size, maxFile)+1)
	for {
		n, err := retry(func() (int, error) { return syscall.Read(fd, b[len(b):cap(b)]) })
		if err != nil || n <= 0 {
			return b, err
		}
		if b = b[:len(b)+n]; len(b) > maxFile {
			return b, nil
		}
		if len(b) == cap(b) { // it has grown since it was looked at
			b = slices.Grow(b, len(b))
		}
	}
}

// retry makes a system call again that a signal has interrupted: the runtime sends them to itself.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

func rename(from, to string) error { return os.Rename(from, to) }

// syncFolder puts a rename on disk.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
