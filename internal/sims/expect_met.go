package sims

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Expected is the subject matter of expectations: the tokens of one login, or one of them.
type Expected struct {
	Tokens []ExpectedToken // in the order in which they are asked: the first that has the claim decides
	Now    time.Time
}

// ExpectedToken is one token that expectations are held against.
type ExpectedToken struct {
	Name   string // "access", "id": a path may begin with it
	Label  string // "access token", for people
	Header token.Header
	Claims token.Object
}

// Met is an expectation's outcome.
type Met struct {
	Expectation Expectation
	Holds       bool
	Where       string // the label of the token that decided; "" when none has the claim
	Seen        string // what was found there, in words; foreign text in it is as it was
	Several     bool   // whether that are several values
}

// Hint says what was likely meant by an expectation that doesn't hold; "" where nothing suggests itself.
func (m Met) Hint() string {
	if m.Holds || !m.Several || m.Expectation.Operator != Equal {
		return ""
	}
	return "= asks for the only value; to ask for one of several, use has"
}

// Hold evaluates an expectation: the first token that has the claim decides. A claim that no token has holds for missing, lacks and
// !=, and for nothing else.
func (x Expected) Hold(e Expectation) Met {
	tokens, path := x.Tokens, e.Path
	for _, t := range x.Tokens {
		if len(path) > 1 && path[0] == t.Name {
			tokens, path = []ExpectedToken{t}, path[1:]
			break
		}
	}
	for _, t := range tokens {
		if values, ok := t.values(path); ok {
			m := Met{Expectation: e, Where: t.Label, Seen: strings.Join(shown(values), ", "), Several: len(values) > 1}
			if len(values) == 0 {
				m.Seen = "an empty list"
			}
			if e.Operator.compares() && len(values) == 1 {
				m.Seen = momentSeen(e.Value, m.Seen)
			}
			m.Holds = x.holds(e, values)
			return m
		}
	}
	return Met{Expectation: e, Holds: e.Operator == Missing || e.Operator == Lacks || e.Operator == Unequal, Seen: "no token has it"}
}

// value is one value that a path leads to.
type value struct {
	text   string   // a string bare, everything else as JSON
	number bool     // the claim is a JSON number
	also   []string // what else it may be called
	kind   bool     // an organisation type's letter, which words stand for as well: "school" for S
}

func shown(values []value) []string {
	var list []string
	for _, v := range values {
		list = append(list, v.text)
	}
	return list
}

// values finds what a path leads to: org and role have parts of their own, header is the header; everything else is a claim, by its
// whole name or by the names of members within.
func (t ExpectedToken) values(path []string) ([]value, bool) {
	if whole := strings.Join(path, "."); len(path) > 1 {
		if raw, ok := t.Claims.Get(whole); ok {
			return flat(raw), true
		}
	}
	switch {
	case len(path) == 2 && path[0] == "org":
		return t.organisation(path[1])
	case len(path) == 2 && path[0] == "role":
		return t.role(path[1])
	case len(path) == 2 && path[0] == "header":
		raw, ok := t.Header.Get(path[1])
		return flat(raw), ok
	}
	o := t.Claims
	for i, name := range path {
		raw, ok := o.Get(name)
		if !ok {
			return nil, false
		}
		if i == len(path)-1 {
			return claimValues(name, raw), true
		}
		inner, err := token.ParseObject(raw)
		if err != nil {
			return nil, false
		}
		o = inner
	}
	return nil, false
}

// claimValues are a claim's values; a scope may be one text of several words, and a role is known by its name too.
func claimValues(name string, raw json.RawMessage) []value {
	list := flat(raw)
	switch name {
	case "scope", "scp":
		var words []value
		for _, v := range list {
			for w := range strings.FieldsSeq(v.text) {
				words = append(words, value{text: w})
			}
		}
		return words
	case claimRole:
		for i := range list {
			list[i].also = []string{ParseRole(list[i].text).Name}
		}
	}
	return list
}

// organisation answers org.id, org.user and org.type of every organisation.
func (t ExpectedToken) organisation(part string) ([]value, bool) {
	list := Memberships(t.Claims)
	var values []value
	for _, m := range list {
		switch part {
		case "id":
			values = append(values, value{text: m.OrganisationID, also: bothCases(m.OrganisationID)})
		case "user":
			values = append(values, value{text: m.UserID, also: bothCases(m.UserID)})
		case "type":
			for _, o := range m.Types {
				values = append(values, value{text: o.Letter, kind: true})
			}
		default:
			return nil, false
		}
	}
	return values, len(list) > 0
}

func (t ExpectedToken) role(part string) ([]value, bool) {
	list := Roles(t.Claims)
	var values []value
	for _, r := range list {
		switch part {
		case "name":
			values = append(values, value{text: r.Name})
		case "org":
			values = append(values, value{text: r.OrganisationID, also: bothCases(r.OrganisationID)})
		default:
			return nil, false
		}
	}
	return values, len(list) > 0
}

// bothCases are a GUID's two spellings, which mean the same.
func bothCases(guid string) []string { return []string{strings.ToLower(guid), strings.ToUpper(guid)} }

// flat reads one JSON value, or the elements of an array.
func flat(raw json.RawMessage) []value {
	if len(raw) == 0 {
		return nil
	}
	if raw[0] == '[' {
		var elements []json.RawMessage
		if json.Unmarshal(raw, &elements) == nil {
			values := []value{}
			for _, e := range elements {
				values = append(values, single(e))
			}
			return values
		}
	}
	return []value{single(raw)}
}

func single(raw json.RawMessage) value {
	var s string
	if len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return value{text: s}
	}
	return value{text: string(raw), number: len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')}
}

func (v value) is(text string) bool {
	if v.text == text || slices.Contains(v.also, text) {
		return true
	}
	if v.kind {
		t, err := FindOrganisationType(text)
		return err == nil && strings.EqualFold(t.Letter, v.text)
	}
	a, ok := parseNumber(v.text)
	b, ok2 := parseNumber(text)
	return v.number && ok && ok2 && a == b
}

func (x Expected) holds(e Expectation, values []value) bool {
	anyIs := slices.ContainsFunc(values, func(v value) bool { return v.is(e.Value) })
	switch e.Operator {
	case Exists:
		return true
	case Missing:
		return false
	case Equal:
		return len(values) == 1 && anyIs
	case Unequal:
		return len(values) != 1 || !anyIs
	case Has:
		return anyIs
	case Lacks:
		return !anyIs
	default:
		return len(values) == 1 && x.compare(e, values[0])
	}
}

// compare holds a number or a time against another: a span counts from now, so that "exp > 5m" is five minutes more, and
// "auth_time > -1h" within the last hour.
func (x Expected) compare(e Expectation, v value) bool {
	got, ok := parseNumber(v.text)
	if !ok {
		t, isTime := parseMoment(v.text)
		if !isTime {
			return false
		}
		got = seconds(t)
	}
	want, ok := parseNumber(e.Value)
	if span, isSpan := parseSpan(e.Value); isSpan && !ok {
		want = seconds(x.Now.Add(span))
	} else if t, isTime := parseMoment(e.Value); isTime && !ok {
		want = seconds(t)
	}
	switch e.Operator {
	case Greater:
		return got > want
	case GreaterEqual:
		return got >= want
	case Less:
		return got < want
	default:
		return got <= want
	}
}

// momentSeen writes seconds as a time where they were held against one.
func momentSeen(value, seen string) string {
	_, span := parseSpan(value)
	_, moment := parseMoment(value)
	const year9999 = 253402300799
	if n, ok := parseNumber(seen); ok && (span || moment) && n >= 0 && n <= year9999 {
		return time.Unix(int64(n), 0).UTC().Format(time.RFC3339)
	}
	return seen
}

func seconds(t time.Time) float64 {
	return float64(t.Unix()) + math.Round(float64(t.Nanosecond())/1e3)/1e6
}
