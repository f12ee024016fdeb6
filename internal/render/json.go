package render

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// schema names the form of a document. A document only ever grows within one version.
func schema(view string) string { return "simsid." + view + "/1" }

// encode writes a document as JSON text and a line break. What a terminal would obey or hide is written as \u escapes,
// which leaves the JSON the same.
func encode(doc any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return safeJSON(b.Bytes()), nil
}
