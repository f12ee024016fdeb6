// Package scenario reads the file that `simsid emulator` is configured by: users, organisations, clients, scopes and faults,
// in TOML. It is read strictly, and every fault is told with its line.
package scenario

import (
	_ "embed" // the annotated file
	"fmt"

	"github.com/simsid/simsid/internal/emulator"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 1 << 20

// Scenario is what a file says. What it doesn't speak of is as in the embedded STS: a file without users has the sample users,
// one without clients the built-in client.
type Scenario struct {
	Issuer string // "": made of https and the port
	Port   int    // -1: not set; 0: any free one
	HTTPS  bool
	As     string // login of the user who is signed in without a page; "" shows the pages
	Config emulator.Config
	Faults []emulator.Fault // from the start, until they are cleared
}

// Error is a fault of the file, with its place.
type Error struct {
	File    string
	Line    int // 1-based; 0: the whole file
	Problem string

	// Word is what the file says and Known what could stand there instead, for a suggestion. They are no part of Error's text.
	Word  string
	Known []string
}

// Error gives "file:line: problem".
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
	}
	return e.File + ": " + e.Problem
}

// Parse reads a file. base is what the embedded STS knows. The error is an *Error.
func Parse(name string, data []byte, base emulator.Config) (*Scenario, error) {
	root, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	s := &Scenario{Port: -1, Config: base}
	r := &reader{site: base.Site}
	if fault := r.scenario(root, s); fault != nil {
		fault.File = name
		return nil, fault
	}
	return s, nil
}

//go:embed example.toml
var example string

//go:embed imis.toml
var imisExample string

// Example returns an annotated file for a site, in which every key stands.
func Example(site emulator.Site) []byte {
	if site == emulator.SiteIMIS {
		return []byte(imisExample)
	}
	return []byte(example)
}
