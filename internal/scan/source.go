package scan

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
)

// FormatError says that a text is in a form in which nothing would be found, so that it would pass unread.
type FormatError struct {
	Form string // "compressed by zstd"
	Mend string // a command that makes text of it from a file called FILE
}

// Error names the form.
func (e *FormatError) Error() string { return "the text is " + e.Form + ", which isn't read" }

// Source is a text that is about to be read.
type Source struct {
	io.Reader
	// Packed says that it is unpacked on the way: its length isn't known beforehand, and it comes in small pieces.
	Packed bool
	// Wide is not nil of a text in UTF-16: a redaction of it is to be written by its Writer.
	Wide *Wide
}

// NewSource looks at the first bytes of r: gzip (RFC 1952) is unpacked, member by member; what is packed or encoded otherwise is refused
// with a *FormatError. UTF-16 is read as UTF-8.
func NewSource(r io.Reader) (Source, error) {
	b := bufio.NewReader(r)
	start, _ := b.Peek(8) // an error comes again when the text is read
	packed := bytes.HasPrefix(start, []byte{0x1f, 0x8b})
	if packed {
		z, err := gzip.NewReader(b)
		if err != nil {
			return Source{}, err
		}
		b = bufio.NewReader(z)
		start, _ = b.Peek(8)
	}
	if w, ok := wideAt(start); ok {
		return Source{&wideReader{Wide: w, r: b}, true, &w}, nil
	}
	if packed {
		return Source{b, true, nil}, nil
	}
	for _, f := range []struct {
		magic      string
		form, mend string
	}{
		{"\x28\xb5\x2f\xfd", "compressed by zstd", "zstd -dc FILE"},
		{"\xfd7zXZ\x00", "compressed by xz", "xz -dc FILE"},
		{"BZh", "compressed by bzip2", "bzip2 -dc FILE"},
		{"PK\x03\x04", "a zip archive", "unzip -p FILE"},
	} {
		if bytes.HasPrefix(start, []byte(f.magic)) {
			return Source{}, &FormatError{f.form, f.mend}
		}
	}
	return Source{b, false, nil}, nil
}
