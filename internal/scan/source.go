package scan

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
)

// FormatError says that a text is in a form in which nothing would be found, so that it would pass unread.
type FormatError struct {
	Form string // "UTF-16", "compressed by zstd"
	Mend string // a command that makes text of it from a file called FILE
}

// Error names the form.
func (e *FormatError) Error() string { return "the text is " + e.Form + ", which isn't read" }

// Source is a text that is about to be read.
type Source struct {
	io.Reader
	// Packed says that it is unpacked on the way: its length isn't known beforehand, and it comes in small pieces.
	Packed bool
}

// NewSource looks at the first bytes of r: gzip (RFC 1952) is unpacked, member by member; what is packed or encoded otherwise is refused
// with a *FormatError.
func NewSource(r io.Reader) (Source, error) {
	b := bufio.NewReader(r)
	start, _ := b.Peek(8) // an error comes again when the text is read
	if bytes.HasPrefix(start, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(b)
		return Source{z, true}, err
	}
	for _, f := range []struct {
		magic      string
		form, mend string
	}{
		{"\xff\xfe", "UTF-16", "iconv -f UTF-16 -t UTF-8 FILE"},
		{"\xfe\xff", "UTF-16", "iconv -f UTF-16 -t UTF-8 FILE"},
		{"\x28\xb5\x2f\xfd", "compressed by zstd", "zstd -dc FILE"},
		{"\xfd7zXZ\x00", "compressed by xz", "xz -dc FILE"},
		{"BZh", "compressed by bzip2", "bzip2 -dc FILE"},
		{"PK\x03\x04", "a zip archive", "unzip -p FILE"},
	} {
		if bytes.HasPrefix(start, []byte(f.magic)) {
			return Source{}, &FormatError{f.form, f.mend}
		}
	}
	if isWide(start) {
		return Source{}, &FormatError{"UTF-16 without a mark", "iconv -f UTF-16LE -t UTF-8 FILE"}
	}
	return Source{b, false}, nil
}

// isWide reports whether every other byte is zero, as in Latin text of UTF-16.
func isWide(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	for i := 0; i < 8; i += 2 {
		if b[i] == 0 || b[i+1] != 0 {
			return false
		}
	}
	return true
}
