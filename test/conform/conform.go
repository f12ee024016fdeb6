// Package conform holds what simsid answers to programs against the JSON schemas of docs/schema. It is for tests alone: the program
// links neither it nor the validator.
package conform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// ErrNoDocument says that there is nothing to hold against a schema.
var ErrNoDocument = errors.New("no JSON document of simsid's")

// File is where the schema of a document lies: "simsid.status/1" is described by status-1.json.
func File(name string) (string, error) {
	rest, ours := strings.CutPrefix(name, "simsid.")
	view, version, ok := strings.Cut(rest, "/")
	if !ours || !ok || view == "" || version == "" || strings.ContainsAny(rest, `.\`) || strings.Contains(version, "/") {
		return "", fmt.Errorf("the member schema is %q, which names no version of an answer", name)
	}
	return view + "-" + version + ".json", nil
}

// Check reads every JSON document of an output and validates each by the schema that it names, which lies in the folder dir. It
// returns those names in order; an output without any is ErrNoDocument.
func Check(dir string, output []byte) ([]string, error) {
	var names []string
	for dec := json.NewDecoder(bytes.NewReader(output)); ; {
		var doc json.RawMessage
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF) && len(names) == 0:
			return nil, ErrNoDocument
		case errors.Is(err, io.EOF):
			return names, nil
		case err != nil:
			return names, fmt.Errorf("read document %d: %w", len(names)+1, err)
		}
		name, err := checkOne(dir, doc)
		if err != nil {
			return names, err
		}
		names = append(names, name)
	}
}

func checkOne(dir string, doc []byte) (string, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return "", fmt.Errorf("read the member schema: %w", err)
	}
	file, err := File(head.Schema)
	if err != nil {
		return "", err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat() // a date-time that is none counts as a fault
	s, err := c.Compile(filepath.Join(dir, file))
	if err != nil {
		return "", fmt.Errorf("compile the schema of %s: %w", head.Schema, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return "", fmt.Errorf("read a document of %s: %w", head.Schema, err)
	}
	if err := s.Validate(value); err != nil {
		return "", fmt.Errorf("a document isn't what its schema says: %w", err)
	}
	return head.Schema, nil
}
