package cli

import (
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/provider"
)

// TestCheckProxy: a variable that names no proxy is refused before anything goes another way, and its password isn't repeated.
func TestCheckProxy(t *testing.T) {
	for _, c := range []struct {
		name, value, issuer string
		own, refused        bool
	}{
		{"HTTPS_PROXY", "http://user:50%off@proxy.example:3128", "https://id.example.com", false, true},
		{"https_proxy", "http://user:50%off@proxy.example:3128", "https://id.example.com", false, true},
		{"HTTPS_PROXY", "http://user:50%25off@proxy.example:3128", "https://id.example.com", false, false},
		{"HTTPS_PROXY", "proxy.example:3128", "https://id.example.com", false, false},
		{"HTTPS_PROXY", "http://user:50%off@proxy.example:3128", "http://127.0.0.1:8080", false, false},
		{"HTTPS_PROXY", "http://user:50%off@proxy.example:3128", "https://localhost:8080", true, false},
		{"HTTPS_PROXY", "", "https://id.example.com", false, false},
	} {
		x := examined(map[string]string{c.name: c.value}, nil)
		s := &session{app: x.app, kind: provider.Kind{OwnCA: c.own}}
		s.profile.Issuer = c.issuer
		err := s.checkProxy()
		if (err != nil) != c.refused {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil && (strings.Contains(err.Error(), "50") || !strings.HasPrefix(err.Error(), c.name+" isn't the address of a proxy")) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
