package flow

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
)

// crowd bounds the open connections. When there are too many, the one that has been there longest is closed to make room
// for the newest: refusing or delaying newcomers instead would let a few silent connections keep the genuine answer out.
// The connection that brought the answer is exempt.
type crowd struct {
	limit int
	mu    sync.Mutex
	open  []*guest // by age, the oldest first
}

type guest struct {
	conn      net.Conn
	protected bool
}

// change is the server's ConnState hook.
func (c *crowd) change(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.enter(conn)
	case http.StateClosed, http.StateHijacked:
		c.leave(conn)
	case http.StateActive, http.StateIdle:
	}
}

func (c *crowd) enter(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, &guest{conn: conn})
	if len(c.open) <= c.limit {
		return
	}
	oldest := max(0, slices.IndexFunc(c.open, func(g *guest) bool { return !g.protected }))
	_ = c.open[oldest].conn.Close()
	c.open = slices.Delete(c.open, oldest, oldest+1)
}

func (c *crowd) leave(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = slices.DeleteFunc(c.open, func(g *guest) bool { return g.conn == conn })
}

// protect exempts the connection of a request.
func (c *crowd) protect(request context.Context) {
	conn := request.Value(connectionKey{})
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.open {
		if g.conn == conn {
			g.protected = true
		}
	}
}

type connectionKey struct{}

// withConnection is the server's ConnContext hook: it lets a handler name its connection.
func withConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, conn)
}
