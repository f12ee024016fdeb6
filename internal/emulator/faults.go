package emulator

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// endpointOf names the endpoint of a request; "" for a page.
func (s *Server) endpointOf(r *http.Request) string {
	path := strings.ToLower(r.URL.Path)
	for _, e := range s.play.endpoints {
		if e.path == path {
			return e.name
		}
	}
	return ""
}

// visitedEndpoint is one that a browser goes to. What goes wrong there is asked for by name.
func visitedEndpoint(e string) bool {
	return e == "authorize" || e == "endsession" || e == "content-item"
}

// appliesTo reports whether a fault has a meaning for an endpoint, and is meant for it.
func (f Fault) appliesTo(e string) bool {
	if f.Endpoint != "" {
		return f.Endpoint == e
	}
	switch f.Kind {
	case FaultRefreshRefused, FaultDropAfterRotation:
		return e == "token"
	case FaultDelay, FaultStatus, FaultHTML, FaultCutJSON, FaultOversized:
		return e != "" && !visitedEndpoint(e)
	default: // of tokens and clocks, wherever they are made and shown
		return true
	}
}

// maxFaults bounds how many faults there can be at once.
const maxFaults = 100

// ActiveFault is a fault that is switched on.
type ActiveFault struct {
	ID int
	Fault
	Met int // how many requests have met it
}

// faultSet is every fault that is switched on.
type faultSet struct {
	mu   sync.Mutex
	last int
	all  []*ActiveFault
}

// TooManyFaultsError says that no further fault is taken.
type TooManyFaultsError struct{ Limit int }

func (e *TooManyFaultsError) Error() string {
	return fmt.Sprintf("there are %d faults already: clear some", e.Limit)
}

// FaultError says what is wrong with a fault.
type FaultError struct{ Problems []Problem }

func (e *FaultError) Error() string {
	var words []string
	for _, p := range e.Problems {
		words = append(words, p.Path+" "+p.Problem)
	}
	return "the fault can't be used: " + strings.Join(words, "; ")
}

// Faults lists the faults that are switched on, those that have happened as often as they were to included.
func (s *Server) Faults() []ActiveFault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	out := []ActiveFault{}
	for _, f := range s.faults.all {
		out = append(out, *f)
	}
	return out
}

// SetFault switches a fault on, beside those that are. The error is a *FaultError or a *TooManyFaultsError.
func (s *Server) SetFault(f Fault) (ActiveFault, error) {
	problems := f.Validate()
	if known := FaultEndpoints(s.config.Site); f.Endpoint != "" && !slices.Contains(known, f.Endpoint) {
		problems = append(problems, Problem{"endpoint", fmt.Sprintf("is %q, and can be %s", f.Endpoint, joined(known))})
	}
	if kinds := FaultKindsOf(s.config.Site); problems == nil && !slices.Contains(kinds, f.Kind) {
		problems = append(problems, Problem{"kind", fmt.Sprintf("is %q, and can be %s here", f.Kind, joined(kinds))})
	}
	if f.Client != "" && s.lookupClient(f.Client) == nil {
		problems = append(problems, Problem{"client", fmt.Sprintf("is %q, which is no client", f.Client)})
	}
	if problems != nil {
		return ActiveFault{}, &FaultError{problems}
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if len(s.faults.all) >= maxFaults {
		return ActiveFault{}, &TooManyFaultsError{maxFaults}
	}
	s.faults.last++
	made := &ActiveFault{ID: s.faults.last, Fault: f}
	s.faults.all = append(s.faults.all, made)
	return *made, nil
}

// setFaults switches on what the configuration asks for. The error is that of SetFault.
func (s *Server) setFaults(faults []Fault) error {
	for _, c := range s.config.Clients {
		if c.Disabled {
			continue
		}
		for _, f := range c.Faults {
			f.Client = c.ID
			faults = append(slices.Clip(faults), f)
		}
	}
	for _, f := range faults {
		if _, err := s.SetFault(f); err != nil {
			return err
		}
	}
	return nil
}

// ClearFaults switches every fault off, or with an id only that one, and returns how many they were.
func (s *Server) ClearFaults(id int) int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	before := len(s.faults.all)
	s.faults.all = slices.DeleteFunc(s.faults.all, func(f *ActiveFault) bool { return id == 0 || f.ID == id })
	return before - len(s.faults.all)
}

type metKey struct{}

// metFaults are the faults that one request has met: of two tokens in one answer both are wrong, and it counts as once.
type metFaults map[FaultKind]*Fault

// withFaults gives a request its memory of the faults that it meets.
func withFaults(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), metKey{}, metFaults{}))
}

// meets returns the fault of a kind that a request of a client meets, or nil, and counts it.
func (s *Server) meets(r *http.Request, client string, kind FaultKind) *Fault {
	met, ok := r.Context().Value(metKey{}).(metFaults)
	if !ok {
		return nil
	}
	if f, again := met[kind]; again {
		return f
	}
	endpoint := s.endpointOf(r)
	if endpoint == "" {
		endpoint = "authorize" // a page on the way from it
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, f := range s.faults.all {
		spent := f.Times > 0 && f.Met >= f.Times
		if f.Kind != kind || spent || !f.appliesTo(endpoint) || f.Client != "" && f.Client != client {
			continue
		}
		f.Met++
		taken := f.Fault
		met[kind] = &taken
		if x, ok := r.Context().Value(exchangeKey{}).(*Exchange); ok {
			x.Faults = append(x.Faults, string(kind))
		}
		return met[kind]
	}
	return nil
}

// anyFault reports whether there is a fault at all, which costs every request a look.
func (s *Server) anyFault() bool {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return len(s.faults.all) > 0
}
