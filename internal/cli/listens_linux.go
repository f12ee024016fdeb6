package cli

import "net"

// whoListens is the command that names the program behind a taken port.
func whoListens(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return "ss -ltnp 'sport = :" + port + "'"
}
