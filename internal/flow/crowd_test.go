package flow

import (
	"context"
	"net"
	"net/http"
	"testing"
)

// TestCrowdMakesRoom: the oldest connection makes room, but for the one that has brought the answer, and who has left counts no more.
func TestCrowdMakesRoom(t *testing.T) {
	c := &crowd{limit: 2}
	conns := make([]*closing, 6)
	for i := range conns {
		conns[i] = &closing{}
	}
	closed := func(want ...bool) {
		t.Helper()
		for i, w := range want {
			if conns[i].closed != w {
				t.Errorf("connection %d: closed %t", i, conns[i].closed)
			}
		}
	}
	c.enter(conns[0])
	c.enter(conns[1])
	closed(false, false)
	c.protect(withConnection(context.Background(), conns[0]))
	c.enter(conns[2])
	closed(false, true, false)
	c.leave(conns[2])
	c.enter(conns[3])
	closed(false, true, false, false)
	c.enter(conns[4])
	closed(false, true, false, true, false)
	if len(c.open) != 2 {
		t.Errorf("%d are open", len(c.open))
	}
	c.protect(withConnection(context.Background(), conns[4]))
	c.enter(conns[5])
	closed(false, true, false, true, false, true) // all others are protected: the newest goes, and not one of them
}

// TestCrowdLeaves is the server's hook: who comes is counted, and who leaves isn't any more.
func TestCrowdLeaves(t *testing.T) {
	c := &crowd{limit: 2}
	a, b := &closing{}, &closing{}
	c.change(a, http.StateNew)
	c.change(b, http.StateNew)
	c.change(a, http.StateActive)
	c.change(a, http.StateClosed)
	if len(c.open) != 1 || c.open[0].conn != b {
		t.Errorf("%d are open", len(c.open))
	}
}

// closing is a connection that tells whether it was closed.
type closing struct {
	net.Conn
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}
