package emulator

import (
	"slices"
	"sync"
	"time"
)

// pendingRequest is an authorize request that waits for its user. It stays here, in memory: what the browser carries from
// page to page is its id and nothing that could be altered.
type pendingRequest struct {
	id        string
	browser   string // key of the browser's form cookie: no other browser may go on with it
	request   *authorizeRequest
	expires   time.Time
	asked     pairs  // what pages tell of it
	session   string // key of the session that signed in for it; "" before that
	fresh     bool   // that session was made for it
	factor    *factorWait
	consented bool
}

const (
	pendingLifetime = 30 * time.Minute
	maxPending      = 500
)

type pendingRequests struct {
	mu    sync.Mutex
	byID  map[string]*pendingRequest
	order []string // oldest first
}

func (p *pendingRequests) add(v pendingRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.byID[v.id] = &v
	p.order = append(p.order, v.id)
	for len(p.order) > maxPending {
		delete(p.byID, p.order[0])
		p.order = p.order[1:]
	}
}

// find returns a copy, so that requests of one browser at the same time don't meet in it.
func (p *pendingRequests) find(id, browser string, now time.Time) (pendingRequest, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.byID[id]
	if v == nil || v.browser != browser || !now.Before(v.expires) {
		return pendingRequest{}, false
	}
	return *v, true
}

// put keeps how far a request has come.
func (p *pendingRequests) put(v pendingRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID[v.id] != nil {
		p.byID[v.id] = &v
	}
}

// take removes a request and reports whether it was still there: of two answers to one request only one counts.
func (p *pendingRequests) take(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byID[id] == nil {
		return false
	}
	delete(p.byID, id)
	p.order = slices.DeleteFunc(p.order, func(have string) bool { return have == id })
	return true
}
