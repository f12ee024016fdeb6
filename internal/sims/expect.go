package sims

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Expectation is a sentence about a token's claims: "site=8412345", "org.type has S", "exp > 5m", "nonce exists".
//
//	expectation = path ( operator value | "exists" | "missing" )
//	path        = name { "." name }         ; name is quoted where it holds spaces or operators
//	operator    = "=" | "!=" | ">" | ">=" | "<" | "<=" | "has" | "lacks"
//	value       = quoted text | all that is left, without the spaces around it
type Expectation struct {
	Text     string
	Path     []string
	Operator Operator
	Value    string
}

// Operator says how a claim is held against a value.
type Operator string

// The operators. Has and Lacks ask about one value among several.
const (
	Equal        Operator = "="
	Unequal      Operator = "!="
	Greater      Operator = ">"
	GreaterEqual Operator = ">="
	Less         Operator = "<"
	LessEqual    Operator = "<="
	Has          Operator = "has"
	Lacks        Operator = "lacks"
	Exists       Operator = "exists"
	Missing      Operator = "missing"
)

func (o Operator) compares() bool {
	return o == Greater || o == GreaterEqual || o == Less || o == LessEqual
}

// ExpectError says what is wrong with an expectation, and where.
type ExpectError struct {
	Text    string
	At      int // bytes before the place
	Problem string
	Suggest string   // the word that was likely meant; "" if none
	Known   []string // the words that there are, where somebody knows them all
}

func (e *ExpectError) Error() string {
	return fmt.Sprintf("%s at character %d", e.Problem, len([]rune(e.Text[:e.At]))+1)
}

// ParseExpectation reads an expectation. The error is an *ExpectError.
func ParseExpectation(text string) (Expectation, error) {
	p := expectParser{text: text}
	e, err := p.parse()
	e.Text = text
	return e, err
}

type expectParser struct {
	text string
	at   int
}

func (p *expectParser) fail(at int, problem string) error {
	return &ExpectError{Text: p.text, At: at, Problem: problem}
}

func (p *expectParser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

func (p *expectParser) parse() (e Expectation, err error) {
	const longest = 4096
	if len(p.text) > longest {
		return e, p.fail(longest, "the expectation is too long")
	}
	p.space()
	if e.Path, err = p.path(); err != nil {
		return e, err
	}
	p.space()
	start := p.at
	if e.Operator = p.operator(); e.Operator == "" {
		return e, &ExpectError{Text: p.text, At: start, Problem: "an operator is missing: =, !=, >, >=, <, <=, has, lacks, exists or missing", Suggest: nearOperator(p.text[start:])}
	}
	p.space()
	if e.Operator == Exists || e.Operator == Missing {
		if p.at < len(p.text) {
			return e, p.fail(p.at, fmt.Sprintf("%q takes no value", string(e.Operator)))
		}
		return e, p.checkWords(e, start)
	}
	start = p.at
	if e.Value, err = p.value(); err != nil {
		return e, err
	}
	if e.Operator.compares() && !isMeasure(e.Value) {
		return e, p.fail(start, "the value is no number, no span such as 5m or 2d, and no time such as 2026-01-31T12:00:00Z")
	}
	return e, p.checkWords(e, start)
}

// path reads names. A bare name goes up to a space, an operator or a dot; names of claims that are addresses are taken whole.
func (p *expectParser) path() ([]string, error) {
	var path []string
	for {
		start := p.at
		var name string
		if p.at < len(p.text) && p.text[p.at] == '"' {
			var err error
			if name, err = p.quoted(); err != nil {
				return nil, err
			}
		} else {
			for p.at < len(p.text) && strings.IndexByte(" \t=!<>\".", p.text[p.at]) < 0 {
				p.at++
			}
			name = p.text[start:p.at]
		}
		if name == "" {
			return nil, p.fail(start, "the name of a claim is missing")
		}
		path = append(path, name)
		if p.at >= len(p.text) || p.text[p.at] != '.' {
			return path, nil
		}
		p.at++
	}
}

func (p *expectParser) operator() Operator {
	rest := p.text[p.at:]
	for _, o := range []Operator{Unequal, GreaterEqual, LessEqual, Equal, Greater, Less} {
		if strings.HasPrefix(rest, string(o)) {
			p.at += len(o)
			return o
		}
	}
	word, _, _ := strings.Cut(rest, " ")
	for _, o := range []Operator{Has, Lacks, Exists, Missing} {
		if word == string(o) {
			p.at += len(o)
			return o
		}
	}
	return ""
}

func (p *expectParser) value() (string, error) {
	start := p.at
	if p.at >= len(p.text) {
		return "", p.fail(start, "a value is missing")
	}
	if p.text[p.at] != '"' {
		v := strings.TrimRight(p.text[p.at:], " \t")
		p.at = len(p.text)
		return v, nil
	}
	v, err := p.quoted()
	if err != nil {
		return "", err
	}
	if p.space(); p.at < len(p.text) {
		return "", p.fail(p.at, "something follows the value")
	}
	return v, nil
}

// quoted reads a text in quotes, in which \" and \\ stand for themselves.
func (p *expectParser) quoted() (string, error) {
	start := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text) && (p.text[p.at+1] == '"' || p.text[p.at+1] == '\\'):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail(start, "the quotes don't end")
}

// isMeasure reports whether a value can stand behind > and its like.
func isMeasure(v string) bool {
	_, number := parseNumber(v)
	_, span := parseSpan(v)
	_, moment := parseMoment(v)
	return number || span || moment
}

func parseNumber(v string) (float64, bool) {
	if strings.Trim(v, "0123456789+-.eE") != "" {
		return 0, false // no hexadecimal, no infinity
	}
	f, err := strconv.ParseFloat(v, 64)
	return f, err == nil
}

// parseSpan reads a span of time as Go writes it, and days: "90s", "5m", "1h30m", "2d", "-1h".
func parseSpan(v string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(v, "d"); ok {
		n, err := strconv.Atoi(days)
		const most = 100 * 365
		return time.Duration(n) * 24 * time.Hour, err == nil && n >= -most && n <= most
	}
	d, err := time.ParseDuration(v)
	return d, err == nil && v != "0"
}

func parseMoment(v string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
