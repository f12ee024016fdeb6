package tokenstore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// formatVersion is written into everything that is kept. What has a greater one is refused and left alone.
const formatVersion = 1

// stored reads one JSON object that the store has written, member by member: encoding/json would first learn the shape of its type by
// reflection, which takes longer than all the rest of a command that prints a token. A missing member is its zero value. The
// first that has a wrong type is remembered, by its name alone: the text may be a secret's.
type stored struct {
	token.Object
	wrong string
}

// readStored reads an object of a version that is known. Of a later one nothing else is looked at, since it may have any shape.
func readStored(b []byte) (*stored, error) {
	o, err := token.ParseLongObject(b, maxFile)
	if err != nil {
		return nil, fmt.Errorf("not JSON of the store: %w", err)
	}
	raw, _ := o.Get("version")
	version, err := strconv.Atoi(string(raw))
	switch {
	case err != nil || version < 1:
		return nil, errors.New("it has no version")
	case version > formatVersion:
		return nil, fmt.Errorf("%w: format %d, this version knows %d", ErrLater, version, formatVersion)
	}
	return &stored{Object: o}, nil
}

// fault says what is wrong with the object as what it should be, nil when nothing is.
func (s *stored) fault(what string) error {
	if s.wrong == "" {
		return nil
	}
	return fmt.Errorf("not %s: %s is of the wrong type", what, s.wrong)
}

// check notes the member as wrong unless it is missing or was read well.
func (s *stored) check(name string, ok bool) {
	if ok || s.wrong != "" {
		return
	}
	if _, there := s.Get(name); there {
		s.wrong = name
	}
}

func (s *stored) word(name string) string {
	v, ok := s.String(name)
	s.check(name, ok)
	return v
}

// text is what a text was written as.
func (s *stored) text(name string) string {
	v, ok := s.String(name)
	if ok {
		return v
	}
	raw, _ := s.Get(name)
	v, ok = textOf(raw)
	s.check(name, ok)
	return v
}

func (s *stored) secret(name string) token.Secret { return token.NewSecret(s.text(name)) }

// texts is nil for a missing list.
func (s *stored) texts(name string) []string {
	raw, there := s.Get(name)
	if !there {
		return nil
	}
	list, ok := textsOf(raw)
	s.check(name, ok)
	return list
}

func (s *stored) number(name string) uint64 {
	raw, _ := s.Get(name)
	n, err := strconv.ParseUint(string(raw), 10, 64)
	s.check(name, err == nil)
	return n
}

func (s *stored) yes(name string) bool {
	raw, _ := s.Get(name)
	s.check(name, string(raw) == "true" || string(raw) == "false")
	return string(raw) == "true"
}

func (s *stored) moment(name string) time.Time {
	v, ok := s.String(name)
	var t time.Time
	if ok {
		ok = t.UnmarshalText([]byte(v)) == nil
	}
	s.check(name, ok)
	return t
}

// textOf reads the JSON of a text: a string, or {"base64":"..."} for one that isn't UTF-8. raw is valid.
func textOf(raw []byte) (string, bool) {
	switch {
	case len(raw) == 0:
		return "", false
	case raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0:
		return string(raw[1 : len(raw)-1]), true
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err == nil
	}
	o, err := token.ParseLongObject(raw, maxFile)
	if err != nil {
		return "", false
	}
	encoded, ok := o.String("base64")
	b, err := base64.StdEncoding.DecodeString(encoded)
	return string(b), ok && err == nil
}

// textsOf reads the JSON of a list of texts, which is valid.
func textsOf(raw []byte) ([]string, bool) {
	if raw[0] != '[' {
		return nil, false
	}
	list := []string{}
	for _, e := range elements(raw) {
		v, ok := textOf(e)
		if !ok {
			return nil, false
		}
		list = append(list, v)
	}
	return list, true
}

// elements takes a valid array apart.
func elements(raw []byte) [][]byte {
	var all [][]byte
	inner := raw[1 : len(raw)-1]
	start, depth, quoted := 0, 0, false
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 0:
			all = append(all, bytes.TrimSpace(inner[start:i]))
			start = i + 1
		}
	}
	if last := bytes.TrimSpace(inner[start:]); len(last) > 0 {
		all = append(all, last)
	}
	return all
}
