package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/simsid/simsid/internal/token"
)

// field is a key that a table may have, and what is done with its value.
type field struct {
	key      string
	read     func(*entry) *Error // an error without a line is one of the entry's own line
	required bool
}

// must makes a field one that can't be left out.
func must(f field) field {
	f.required = true
	return f
}

// read hands each entry of a table to its field. where names the table in messages: "a client".
func read(t *table, where string, fields []field) *Error {
	for _, e := range t.entries {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == e.key })
		if i < 0 {
			var known []string
			for _, f := range fields {
				known = append(known, f.key)
			}
			return &Error{Line: e.line, Problem: fmt.Sprintf("%s has no key %s", where, strconv.Quote(clip(e.key))), Word: e.key, Known: known}
		}
		if fault := fields[i].read(e); fault != nil {
			if fault.Line == 0 {
				fault.Line = e.line
				fault.Problem = e.key + " " + fault.Problem
			}
			return fault
		}
	}
	for _, f := range fields {
		if f.required && t.entry(f.key) == nil {
			return &Error{Line: t.line, Problem: where + " needs " + f.key}
		}
	}
	return nil
}

// scalar makes a field of a single value.
func scalar(key, must string, take func(*value) bool) field {
	return field{key: key, read: func(e *entry) *Error {
		if e.value == nil || !take(e.value) {
			return &Error{Problem: "must be " + must}
		}
		return nil
	}}
}

func text(key string, to *string) field {
	return scalar(key, "text in quotes, of at most 1000 bytes", func(v *value) bool {
		*to = v.text
		return isText(v)
	})
}

// maxText is the longest text in bytes: longer ones fit into no page and no token.
const maxText = 1000

func isText(v *value) bool { return v.kind == unstable.String && len(v.text) <= maxText }

func secret(key string, to *token.Secret) field {
	return scalar(key, "text in quotes, and not empty", func(v *value) bool {
		*to = token.NewSecret(v.text)
		return isText(v) && v.text != ""
	})
}

func flag(key string, to *bool) field {
	return scalar(key, "true or false", func(v *value) bool {
		*to = v.text == "true"
		return v.kind == unstable.Bool
	})
}

func number(key string, least, most int, to *int) field {
	return scalar(key, fmt.Sprintf("a whole number from %d to %d", least, most), func(v *value) bool {
		n, err := strconv.Atoi(v.text)
		*to = n
		return v.kind == unstable.Integer && err == nil && n >= least && n <= most
	})
}

func texts(key string, to *[]string) field {
	return scalar(key, `a list of texts: ["…", "…"]`, func(v *value) bool {
		*to = []string{}
		for _, item := range v.items {
			*to = append(*to, item.text)
			if !isText(item) {
				return false
			}
		}
		return v.kind == unstable.Array
	})
}

// word makes a field of one of some words.
func word[T ~string](key string, known []T, to *T) field {
	return field{key: key, read: func(e *entry) *Error {
		var names []string
		for _, k := range known {
			names = append(names, string(k))
		}
		if e.value == nil || e.value.kind != unstable.String || !slices.Contains(names, e.value.text) {
			fault := &Error{Problem: "must be " + strings.Join(names, ", "), Known: names}
			if e.value != nil && e.value.kind == unstable.String {
				fault.Problem = strconv.Quote(clip(e.value.text)) + " isn't one of " + strings.Join(names, ", ")
				fault.Word = e.value.text
			}
			return fault
		}
		*to = T(e.value.text)
		return nil
	}}
}

// span makes a field of a length of time. Only that of a clock may be negative.
func span(key string, negative bool, to *time.Duration) field {
	return scalar(key, `a length of time: "2s", "5m", "1h", "30 days", or a number of seconds`, func(v *value) bool {
		d, ok := length(v)
		*to = d
		return ok && (negative || d >= 0)
	})
}

// maxLength is a hundred years.
const maxLength = 100 * 366 * 24 * time.Hour

func length(v *value) (time.Duration, bool) {
	count := func(text string, unit time.Duration) (time.Duration, bool) {
		n, err := strconv.ParseInt(text, 10, 64)
		return time.Duration(n) * unit, err == nil && max(n, -n) <= int64(maxLength/unit)
	}
	switch v.kind {
	case unstable.Integer:
		return count(v.text, time.Second)
	case unstable.String:
		for _, unit := range []string{" days", " day"} {
			if days, ok := strings.CutSuffix(v.text, unit); ok {
				return count(days, 24*time.Hour)
			}
		}
		d, err := time.ParseDuration(v.text)
		return d, err == nil && d.Abs() <= maxLength
	}
	return 0, false
}

// moment makes a field of a point in time.
func moment(key string, to *time.Time) field {
	return scalar(key, "a date, or a date with time and zone: 2025-09-01 or 2025-09-01T08:30:00Z", func(v *value) bool {
		layout := time.RFC3339
		if v.kind == unstable.LocalDate {
			layout = time.DateOnly
		}
		at, err := time.Parse(layout, strings.Replace(strings.ToUpper(v.text), " ", "T", 1))
		*to = at
		return (v.kind == unstable.LocalDate || v.kind == unstable.DateTime) && err == nil
	})
}

// list makes a field of tables: [[key]], or a list of tables between braces.
func list(key string, each func(*table) *Error) field {
	return field{key: key, read: func(e *entry) *Error {
		tables := e.tables
		if e.value != nil && e.value.kind == unstable.Array {
			for _, item := range e.value.items {
				if item.table == nil {
					return &Error{Line: item.line, Problem: fmt.Sprintf("%s is a list of tables: write [[%s]] and its keys below", key, key)}
				}
				tables = append(tables, item.table)
			}
		} else if tables == nil {
			return &Error{Problem: fmt.Sprintf("is a list of tables: write [[%s]] and its keys below", key)}
		}
		for _, t := range tables {
			if fault := each(t); fault != nil {
				return fault
			}
		}
		return nil
	}}
}
