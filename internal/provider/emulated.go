package provider

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Emulated reports whether simsid's own emulator serves an issuer: one on this machine, whose address for health says so. Metadata can't
// tell, since it is the metadata of what is emulated. Any other answer, or none, means no.
func Emulated(ctx context.Context, hc *http.Client, issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil {
		return false
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && !ip.IsLoopback() {
		return false
	}
	a, err := get(ctx, hc, opDiscover, strings.TrimSuffix(issuer, "/")+"/emulator/health")
	if err != nil || !a.ok() {
		return false
	}
	o, _ := a.object() // what isn't one has neither member
	status, _ := o.String("status")
	own, _ := o.String("issuer")
	return status == "ok" && own == issuer
}
