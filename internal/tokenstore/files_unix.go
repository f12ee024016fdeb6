//go:build unix

package tokenstore

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner refuses what belongs to somebody else, root included: a file that root left in a user's folder, or a user's
// in root's, would be read by one and replaced by the other.
func checkOwner(path string, fi fs.FileInfo, want fs.FileMode) error {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return &PermissionError{Path: path, Problem: "its owner is unknown"}
	}
	if me := os.Geteuid(); int(st.Uid) != me {
		return &PermissionError{
			Path:    path,
			Problem: fmt.Sprintf("it belongs to user %d, not to user %d", st.Uid, me),
			Mend:    fmt.Sprintf("sudo chown %d %s", me, shellQuote(path)),
		}
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return &PermissionError{
			Path:    path,
			Problem: modeProblem(fi.Mode()),
			Mend:    fmt.Sprintf("chmod %o %s", want, shellQuote(path)),
		}
	}
	return nil
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
