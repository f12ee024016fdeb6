package flow

import (
	"context"
	"net"
	"net/netip"
	"slices"
)

// LeadsHere tells where the host of a redirect URI leads, and whether one of these addresses is this machine's, so that a browser on it gets
// to the listener. Loopback is; so is whatever address an interface has. An error is the lookup's, or a *RedirectError.
func LeadsHere(ctx context.Context, uri, listen string) (addresses []string, here bool, err error) {
	r, err := parseRedirect(uri, listen)
	if err != nil {
		return nil, false, err
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", r.host)
	if err != nil {
		return nil, false, err
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil, false, err
	}
	addresses, here = leadsTo(found, own)
	return addresses, here, nil
}

// leadsTo reports whether one of the addresses that were found is loopback, or an interface's own.
func leadsTo(found []netip.Addr, own []net.Addr) (addresses []string, here bool) {
	for _, a := range found {
		a = a.Unmap()
		addresses = append(addresses, a.String())
		here = here || a.IsLoopback() || slices.ContainsFunc(own, func(o net.Addr) bool {
			p, _ := netip.ParsePrefix(o.String()) // of what is none, an address that nothing leads to
			return p.Addr().Unmap() == a
		})
	}
	return addresses, here
}
