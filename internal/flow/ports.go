package flow

import (
	"context"
	"net"
	"strconv"
)

// PortState is one address that a redirect URI has to be listened for at.
type PortState struct {
	Address string // "127.0.0.1:5454"
	Missing bool   // this machine has no such address, as where there is no IPv6: nobody can hold the port there
	Err     error  // a *PortError; nil where the port is free
}

// CheckPorts tries each address that a login with this redirect URI would listen on, and gives it back at once. None is listened on where
// the answer comes elsewhere. Its errors are *RedirectError.
func CheckPorts(ctx context.Context, uri, listen string) ([]PortState, error) {
	r, err := parseRedirect(uri, listen)
	if err != nil || r.away {
		return nil, err
	}
	var states []PortState
	for _, host := range r.addresses() {
		address := net.JoinHostPort(host, strconv.Itoa(r.listenPort()))
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		switch {
		case err == nil:
			states = append(states, PortState{Address: address, Err: ln.Close()})
		case !hasAddress(ctx, host):
			states = append(states, PortState{Address: address, Missing: true})
		default:
			states = append(states, PortState{Address: address, Err: &PortError{Address: address, Err: err}})
		}
	}
	return states, nil
}
