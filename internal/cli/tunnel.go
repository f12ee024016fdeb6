package cli

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/render"
)

// sayTunnel tells, in a session over SSH, how the answer gets here from a browser on the user's own machine.
func (s *session) sayTunnel(e flow.Listening) {
	line, host, port := s.tunnel(e)
	if line == "" {
		return
	}
	s.say("This is a session over SSH. To bring the answer here from your own machine, run there:\n\n  %s\n", render.Safe(line))
	if !isLoopbackIssuer(e.RedirectURI) {
		s.say("There the browser has to find %s at 127.0.0.1, as by a line of that machine's hosts file.", render.Safe(host))
	}
	if port < 1024 {
		s.say("Port %d takes an administrator there, as by sudo.", port)
	}
}

// tunnel is the command that brings the callback of a browser on the user's own machine to this one, with the host and port that this browser
// goes to; "" where this isn't a session over SSH. The browser goes by the redirect URI, whatever port is listened on here.
func (s *session) tunnel(e flow.Listening) (line, host string, port int) {
	// "client-address client-port server-address server-port"
	parts := strings.Fields(s.env.Getenv("SSH_CONNECTION"))
	if len(parts) != 4 || len(e.Addresses) == 0 {
		return "", "", 0
	}
	u, err := url.Parse(e.RedirectURI)
	at, aerr := netip.ParseAddrPort(e.Addresses[0])
	if err != nil || aerr != nil || net.ParseIP(parts[2]) == nil {
		return "", "", 0
	}
	from := redirectPort(u)
	if port, err = strconv.Atoi(from); err != nil || port == 0 {
		return "", "", 0
	}
	to := at.Addr()
	switch {
	case to.IsUnspecified() && to.Is4(): // it stands for all addresses, and a tunnel ends at one
		to = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case to.IsUnspecified():
		to = netip.IPv6Loopback()
	}
	where := parts[2]
	if user := s.env.Getenv("USER"); user != "" {
		where = user + "@" + where
	}
	line = "ssh -N -L " + from + ":" + netip.AddrPortFrom(to, at.Port()).String()
	if parts[3] != "22" {
		line += " -p " + shellWord(parts[3])
	}
	return line + " " + shellWord(where), u.Hostname(), port
}
