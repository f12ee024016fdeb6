package tokenstore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// checkOwner has nothing to check: the folder lies in the user's profile, whose access list lets in the user, the
// administrators and the system, and modes don't exist here.
func checkOwner(string, fs.FileInfo, fs.FileMode) error { return nil }

// loose reports that no mode lets others in: there are none.
func loose(fs.FileInfo) bool { return false }

// readFile gives a file's bytes, up to maxFile of them and one.
func readFile(path string) ([]byte, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if err := checkFile(path, fi); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// Windows refuses to replace a file that somebody has open at that moment: a reader of ours, or a virus scanner.
const (
	renameTries = 20
	renamePause = 10 * time.Millisecond

	errorSharingViolation = syscall.Errno(32)
)

func rename(from, to string) error {
	var err error
	for range renameTries {
		err = os.Rename(from, to)
		if !errors.Is(err, errorSharingViolation) && !errors.Is(err, syscall.ERROR_ACCESS_DENIED) {
			return err
		}
		<-time.After(renamePause)
	}
	return err
}

// syncFolder does nothing: a folder can't be synced here, and a rename is journalled by NTFS.
func syncFolder(string) error { return nil }
