package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// visitLoopback stands in for a browser where the embedded STS signs a sample user in by itself: it follows the redirects,
// from this machine's loopback to this machine's loopback and nowhere else.
func visitLoopback(ctx context.Context, address string) error {
	visitor := &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				host, _, err := net.SplitHostPort(addr)
				if err != nil {
					return nil, err
				}
				if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
					return nil, fmt.Errorf("the embedded STS led to %s, which is not loopback", host)
				}
				return (&net.Dialer{}).DialContext(ctx, network, addr)
			},
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := visitor.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return err
}
