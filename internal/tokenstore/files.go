package tokenstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFile bounds what is read from any file of the store: an access and an ID token of the greatest length with room.
const maxFile = 8 << 20

// ensureDir makes the folder, or checks the one there is.
func (o Options) ensureDir() error {
	if o.Dir == "" {
		return &Error{Operation: "open store", Err: errors.New("no folder was given")}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return fileError("make folder", o.Dir, err)
	}
	return o.checkDir()
}

// checkDir follows a symbolic link: people move their state folder to another disk. What counts is where it leads.
func (o Options) checkDir() error {
	fi, err := os.Stat(o.Dir)
	if err != nil {
		return fileError("open folder", o.Dir, err)
	}
	if !fi.IsDir() {
		return fileError("open folder", o.Dir, &PermissionError{Path: o.Dir, Problem: "not a folder"})
	}
	if err := checkOwner(o.Dir, fi, 0o700); err != nil {
		return fileError("open folder", o.Dir, withOthers(err))
	}
	return nil
}

// read gives a file's bytes. A missing file is fs.ErrNotExist; one that others can read, or somebody else's, is refused.
func (o Options) read(path string) ([]byte, error) {
	if o.reading != nil {
		defer o.reading(path)()
	}
	b, err := readFile(path)
	if err != nil {
		return nil, fileError("read", path, withOthers(err))
	}
	if len(b) > maxFile {
		return nil, damaged(path, errors.New("longer than any file of the store"))
	}
	return b, nil
}

// withOthers names, beside a file or folder whose mode lets others in, the files of the store that do so too, and mends them all by one
// line: whoever copied a folder has more than one of them.
func withOthers(err error) error {
	p, ok := err.(*PermissionError) //nolint:errorlint // straight from the check
	if !ok {
		return err
	}
	fi, serr := os.Stat(p.Path)
	if serr != nil || !loose(fi) {
		return err
	}
	dir, mend := filepath.Dir(p.Path), "chmod 600 "+shellQuote(p.Path)
	if fi.IsDir() {
		dir, mend = p.Path, p.Mend+" && chmod 600"
	}
	entries, _ := os.ReadDir(dir) // what can't be listed has one name fewer
	var names []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if fi, err := e.Info(); err == nil && path != p.Path && fi.Mode().IsRegular() && loose(fi) {
			names = append(names, e.Name())
			mend += " " + shellQuote(path)
		}
	}
	if len(names) == 0 {
		return err
	}
	return &PermissionError{Path: p.Path, Problem: p.Problem + ", and so it is with " + strings.Join(names, ", "), Mend: mend}
}

func checkFile(path string, fi fs.FileInfo) error {
	if !fi.Mode().IsRegular() {
		return notRegular(path)
	}
	return checkOwner(path, fi, 0o600)
}

func notRegular(path string) error {
	return &PermissionError{Path: path, Problem: "not a regular file", Mend: "mv " + shellQuote(path) + " " + shellQuote(path+".aside")} // rm removes no folder
}

// replace puts a file in place as a whole: when it returns nil the new one is on disk, and a crash at any time leaves the
// old one or the new one.
func (o Options) replace(path string, data []byte) error {
	if len(data) > maxFile {
		return fileError("write", path, errors.New("longer than the store takes"))
	}
	suffix := make([]byte, 6)
	if _, err := io.ReadFull(o.Rand, suffix); err != nil {
		return fileError("write", path, err)
	}
	tmp := path + newMark + hex.EncodeToString(suffix)
	if err := o.create(tmp, data); err != nil {
		_ = os.Remove(tmp) // the failure to write is what matters
		return fileError("write", path, err)
	}
	err := o.step("rename", path)
	if err == nil {
		err = rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return fileError("write", path, err)
	}
	if err := o.syncDir(path); err != nil {
		return fileError("write", path, err)
	}
	return nil
}

// create writes a new file and returns when it is on disk; its name may not be.
func (o Options) create(path string, data []byte) error {
	return o.write(path, data, func(f *os.File) error {
		if err := o.step("sync", path); err != nil {
			return err
		}
		return f.Sync()
	})
}

// write makes a new file with what is to be done at its end.
func (o Options) write(path string, data []byte, end func(*os.File) error) error {
	if err := o.step("create", path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = o.step("write", path)
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = end(f)
	}
	return errors.Join(err, f.Close())
}

func (o Options) syncDir(path string) error {
	if err := o.step("sync folder", path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func (o Options) step(step, path string) error {
	if o.fault == nil {
		return nil
	}
	return o.fault(step, path)
}

// remove takes a file away; one that is missing is as good.
func (o Options) remove(path string) error {
	if err := o.step("remove", path); err != nil {
		return fileError("remove", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError("remove", path, err)
	}
	return nil
}

// setAside moves a damaged file out of the way and says so. The lock must be held: without it the file could have been
// replaced by a good one since it was read.
func (o Options) setAside(d *DamagedError) error {
	to := d.Path + asideMark + o.Now().UTC().Format("20060102T150405.000000000Z")
	if err := os.Rename(d.Path, to); err != nil {
		return fileError("set aside", d.Path, errors.Join(d.Err, err))
	}
	if err := o.syncDir(d.Path); err != nil {
		return fileError("set aside", d.Path, errors.Join(d.Err, err))
	}
	return fileError("read", d.Path, &DamagedError{Path: d.Path, MovedTo: to, Err: d.Err})
}

// remains lists the profile's files whose names hold mark: replacements that were never put in place, or damaged files.
func (s *Store) remains(mark string) ([]string, error) {
	entries, err := os.ReadDir(s.o.Dir)
	if err != nil {
		return nil, fileError("list", s.o.Dir, err)
	}
	var found []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), s.stem+".") && strings.Contains(e.Name(), mark) {
			found = append(found, filepath.Join(s.o.Dir, e.Name()))
		}
	}
	return found, nil
}

// sweep removes replacements that a killed process left. Every writer holds the lock, so none of them is being written.
func (s *Store) sweep() error {
	found, err := s.remains(newMark)
	for _, f := range found {
		err = errors.Join(err, s.o.remove(f))
	}
	return err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func damaged(path string, err error) error {
	return fileError("read", path, &DamagedError{Path: path, Err: err})
}

func fileError(operation, path string, err error) error {
	// The system's own error repeats the path.
	if pe, ok := err.(*fs.PathError); ok { //nolint:errorlint // only where nobody has wrapped it: nothing else may be lost
		err = pe.Err
	}
	return &Error{Operation: operation, Backend: File, Path: path, Err: err}
}

// shellQuote writes a path for a command line that is shown to people.
func shellQuote(s string) string {
	plain := strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("/._-+=", r) && (r > 'z' || !alphanumeric(byte(r))) //nolint:gosec // G115: no rune above z gets there //nolint:gosec // G115: compared before
	}) < 0
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func modeProblem(m fs.FileMode) string {
	return fmt.Sprintf("its mode %04o lets others in", m.Perm())
}
