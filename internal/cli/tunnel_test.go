package cli

import (
	"testing"

	"github.com/simsid/simsid/internal/flow"
)

// TestTunnel: the browser goes to the redirect URI's port, whatever is listened on here.
func TestTunnel(t *testing.T) {
	for _, c := range []struct {
		uri, at, connection string
		line, host          string
		port                int
	}{
		{"http://localhost:8400/cb", "127.0.0.1:8400", "10.0.0.9 5 10.0.0.7 22", "ssh -N -L 8400:127.0.0.1:8400 ada@10.0.0.7", "localhost", 8400},
		{"https://app.example/cb", "127.0.0.1:8443", "10.0.0.9 5 10.0.0.7 22", "ssh -N -L 443:127.0.0.1:8443 ada@10.0.0.7", "app.example", 443},
		{"https://app.example:8443/cb", "0.0.0.0:9443", "10.0.0.9 5 10.0.0.7 2222", "ssh -N -L 8443:127.0.0.1:9443 -p 2222 ada@10.0.0.7", "app.example", 8443},
		{"https://app.example:8443/cb", "[::]:9443", "fd00::9 5 fd00::7 22", "ssh -N -L 8443:[::1]:9443 ada@fd00::7", "app.example", 8443},
		{"http://localhost/cb", "[::1]:80", "10.0.0.9 5 10.0.0.7 22", "ssh -N -L 80:[::1]:80 ada@10.0.0.7", "localhost", 80},
		{"http://localhost:0/cb", "127.0.0.1:0", "10.0.0.9 5 10.0.0.7 22", "", "", 0},
		{"http://localhost:1/cb", "127.0.0.1:1", "10.0.0.9 5 $(reboot) 22", "", "", 0},
		{"http://localhost:1/cb", "127.0.0.1:1", "", "", "", 0},
		{"http://localhost:1/cb", "", "10.0.0.9 5 10.0.0.7 22", "", "", 0},
	} {
		env := map[string]string{"SSH_CONNECTION": c.connection, "USER": "ada"}
		s := &session{app: &app{env: Env{Getenv: func(name string) string { return env[name] }}}}
		line, host, port := s.tunnel(flow.Listening{RedirectURI: c.uri, Addresses: []string{c.at}})
		if line != c.line || host != c.host || port != c.port {
			t.Errorf("%s at %s: got %q, %q, %d", c.uri, c.at, line, host, port)
		}
	}
}
