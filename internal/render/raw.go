package render

import (
	"io"
	"slices"
)

// WriteRaw writes JSON as it was received, and a line break. Where it isn't exact, for a terminal, what a terminal would obey or hide is
// written as \u escapes, which leaves the JSON the same.
func WriteRaw(w io.Writer, doc []byte, exact bool) error {
	if !exact {
		doc = safeJSON(doc)
	}
	_, err := w.Write(append(slices.Clip(doc), '\n'))
	return err
}
