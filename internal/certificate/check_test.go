package certificate

import (
	"crypto/x509"
	"reflect"
	"testing"
	"time"
)

func TestFaultsForHost(t *testing.T) {
	c := ensure(t, newPlace(t))
	roots := x509.NewCertPool()
	roots.AddCert(c.Leaf)
	nobody := x509.NewCertPool()
	for name, test := range map[string]struct {
		host  string
		now   time.Time
		roots *x509.CertPool
		want  []Fault
	}{
		"good":                 {"localhost", start(), roots, nil},
		"an address":           {"127.0.0.1", start(), roots, nil},
		"the other address":    {"::1", start(), roots, nil},
		"another host":         {"sso.example.com", start(), roots, []Fault{WrongHost}},
		"another address":      {"127.0.0.2", start(), roots, []Fault{WrongHost}},
		"nobody trusts it":     {"localhost", start(), nobody, []Fault{Untrusted}},
		"nor the system":       {"localhost", start(), nil, []Fault{Untrusted}},
		"ended":                {"localhost", c.Leaf.NotAfter.Add(time.Second), roots, []Fault{Ended}},
		"at its last moment":   {"localhost", c.Leaf.NotAfter, roots, nil},
		"not begun":            {"localhost", c.Leaf.NotBefore.Add(-time.Second), roots, []Fault{NotYet}},
		"everything is wrong":  {"x.example", c.Leaf.NotAfter.Add(time.Hour), nobody, []Fault{Ended, WrongHost, Untrusted}},
		"at its first moment":  {"localhost", c.Leaf.NotBefore, roots, nil},
		"a name in upper case": {"LOCALHOST", start(), roots, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.Faults(test.host, test.now, test.roots); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
