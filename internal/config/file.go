package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// maxFile is the largest configuration file that is read, in bytes.
const maxFile = 1 << 20

// File is the configuration file as read: its profiles and what it says outside of them. The zero value is an empty file
// without a place.
type File struct {
	path string
	doc  *document
}

// FileError is a fault of the configuration file, with its place.
type FileError struct {
	Path    string
	Line    int // 1-based; 0: the whole file
	Problem string
	Suggest string // a known key near to the unknown one; "" if none. Not part of Error's text
	Err     error  // the system's error; nil for a fault of what the file says
}

// Error gives "path:line: problem".
func (e *FileError) Error() string {
	s := e.Path
	if e.Line > 0 {
		s = fmt.Sprintf("%s:%d", e.Path, e.Line)
	}
	s += ": " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the system's error.
func (e *FileError) Unwrap() error { return e.Err }

// Load reads path strictly; a missing file is an empty one. Errors are *FileError. The form of the file is checked here, and
// the values of a profile when it is resolved: one profile's wrong address doesn't stand in the way of another, nor of the
// edit that mends it.
func Load(path string) (*File, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	doc, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	return &File{path: path, doc: doc}, nil
}

// read returns the file's bytes, at most maxFile of them and one.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &FileError{Path: path, Problem: "can't be read", Err: bare(err)}
	}
	// Opening a named pipe would wait for its writer. /dev/null, as a way of saying "no file", is a device and welcome.
	if info.IsDir() || info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 {
		return nil, &FileError{Path: path, Problem: "isn't a file"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &FileError{Path: path, Problem: "can't be read", Err: bare(err)}
	}
	defer f.Close()
	data, err := readBounded(f)
	if err != nil {
		return nil, &FileError{Path: path, Problem: "can't be read", Err: bare(err)}
	}
	return data, nil
}

// readBounded reads one byte more than a file may have, by which parse knows that it has too many.
func readBounded(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, maxFile+1)) }

// bare takes the operation and the path off a system's error, for messages that name the path themselves.
func bare(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// Path returns where the file lies.
func (f *File) Path() string { return f.path }

// Default returns the name of the default profile, "" when none is set. It may be a profile that the file doesn't have.
func (f *File) Default() string {
	if f.doc == nil || f.doc.def == nil {
		return ""
	}
	return f.doc.def.values[0]
}

// Names returns the profiles' names in the file's order.
func (f *File) Names() []string {
	if f.doc == nil {
		return nil
	}
	var names []string
	for _, t := range f.doc.tables {
		if !t.bare {
			names = append(names, t.name)
		}
	}
	return names
}

// Has reports whether the file has a profile of that name.
func (f *File) Has(name string) bool { return f.doc.table(name) != nil }

// Value returns what the file says for one key of one profile, as it stands there and unchecked.
func (f *File) Value(profile, key string) (value []string, line int, ok bool) {
	e := f.doc.table(profile).entry(key)
	if e == nil {
		return nil, 0, false
	}
	return slices.Clone(e.values), e.line, true
}
