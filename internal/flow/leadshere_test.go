package flow

import (
	"errors"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

// A browser on this machine gets to its own addresses and to no others.
func TestLeadsHere(t *testing.T) {
	for name, test := range map[string]struct {
		uri, listen string
		addresses   []string
		here        bool
	}{
		"loopback":               {"https://127.0.0.1:8443/", "", []string{"127.0.0.1"}, true},
		"more of loopback":       {"https://127.0.0.9:8443/", "127.0.0.9", []string{"127.0.0.9"}, true},
		"loopback by IPv6":       {"https://[::1]:8443/", "", []string{"::1"}, true},
		"loopback in disguise":   {"https://[::ffff:127.0.0.1]:8443/", "127.0.0.1", []string{"127.0.0.1"}, true},
		"nobody's":               {"https://192.0.2.1:8443/", "127.0.0.1:8443", []string{"192.0.2.1"}, false},
		"nobody's, listened for": {"https://192.0.2.1:8443/", "192.0.2.1", []string{"192.0.2.1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			addresses, here, err := LeadsHere(t.Context(), test.uri, test.listen)
			if err != nil || here != test.here || !reflect.DeepEqual(addresses, test.addresses) {
				t.Errorf("got %q, %t, %v", addresses, here, err)
			}
		})
	}
	// What an interface has leads here, too.
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range own {
		ip, _, err := net.ParseCIDR(a.String())
		if err != nil || ip.To4() == nil {
			continue
		}
		if _, here, err := LeadsHere(t.Context(), "https://"+ip.String()+":8443/", "127.0.0.1"); err != nil || !here {
			t.Errorf("%s: %t, %v", ip, here, err)
		}
	}
	if _, here, err := LeadsHere(t.Context(), "https://nowhere.simsid.invalid/", "127.0.0.1"); err == nil || here {
		t.Errorf("a name that nobody has: %t, %v", here, err)
	}
	_, _, err = LeadsHere(t.Context(), "http://sso.example/", "127.0.0.1")
	if _, ok := errors.AsType[*RedirectError](err); !ok {
		t.Errorf("got %v", err)
	}
}

// TestLeadsTo: one address of several is enough, whichever it is.
func TestLeadsTo(t *testing.T) {
	own := []net.Addr{&net.IPNet{IP: net.IPv4(192, 0, 2, 7), Mask: net.CIDRMask(24, 32)}, &net.UnixAddr{Name: "no address"}}
	for list, want := range map[string]bool{
		"127.0.0.1 192.0.2.1": true, "192.0.2.1 127.0.0.1": true, "192.0.2.7 192.0.2.1": true, "192.0.2.1 ::ffff:192.0.2.7": true, "192.0.2.1 192.0.2.2": false, "": false,
	} {
		var found []netip.Addr
		for a := range strings.FieldsSeq(list) {
			found = append(found, netip.MustParseAddr(a))
		}
		if addresses, here := leadsTo(found, own); here != want || len(addresses) != len(found) {
			t.Errorf("%q: %q, %t", list, addresses, here)
		}
	}
}
