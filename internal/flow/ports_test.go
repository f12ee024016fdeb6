package flow

import (
	"errors"
	"net"
	"reflect"
	"strconv"
	"syscall"
	"testing"
)

// hold takes a port on one address until the test ends.
func hold(t *testing.T, address string) int {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatalf("a listener at %v", ln.Addr())
	}
	return addr.Port
}

// free finds a port that is free on both families; it may be taken again by chance, which no test here depends on.
func free(t *testing.T) int {
	t.Helper()
	r, err := parseRedirect("http://localhost:0/", "")
	if err != nil {
		t.Fatal(err)
	}
	listeners, port, err := openPort(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, ln := range listeners {
		_ = ln.Close()
	}
	return port
}

// Whoever holds the port on either family would get the answer: each is told by itself, and free ones are given back.
func TestCheckPorts(t *testing.T) {
	four, six, none := hold(t, "127.0.0.1:0"), hold(t, "[::1]:0"), free(t)
	at := func(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
	for name, test := range map[string]struct {
		uri, listen string
		want        []PortState
		taken       int // which of them, from 1
	}{
		"taken on IPv4 alone": {"https://" + at("localhost", four) + "/", "", []PortState{{Address: at("127.0.0.1", four)}, {Address: at("::1", four)}}, 1},
		"taken on IPv6 alone": {"https://" + at("localhost", six) + "/", "", []PortState{{Address: at("127.0.0.1", six)}, {Address: at("::1", six)}}, 2},
		"free":                {"http://" + at("localhost", none) + "/", "", []PortState{{Address: at("127.0.0.1", none)}, {Address: at("::1", none)}}, 0},
		"one family":          {"http://" + at("127.0.0.1", six) + "/", "", []PortState{{Address: at("127.0.0.1", six)}}, 0},
		"any free one":        {"http://127.0.0.1:0/", "", []PortState{{Address: "127.0.0.1:0"}}, 0},
		"elsewhere":           {"https://sso.example.com/", "", nil, 0},
		"its own address":     {"https://sso.example.com/", at("127.0.0.1", four), []PortState{{Address: at("127.0.0.1", four)}}, 1},
		"no such address":     {"https://sso.example.com/", "192.0.2.1:8443", []PortState{{Address: "192.0.2.1:8443", Missing: true}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := CheckPorts(t.Context(), test.uri, test.listen)
			if err != nil {
				t.Fatal(err)
			}
			if i := test.taken - 1; i >= 0 && i < len(got) {
				taken, ok := errors.AsType[*PortError](got[i].Err)
				if !ok || taken.Address != got[i].Address || !errors.Is(taken, syscall.EADDRINUSE) {
					t.Errorf("taken: %v", got[i].Err)
				}
				got[i].Err = nil
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
	if _, err := CheckPorts(t.Context(), "http://example.com/", ""); err == nil {
		t.Error("a redirect URI that can't be is checked")
	} else if _, ok := errors.AsType[*RedirectError](err); !ok {
		t.Errorf("got %v", err)
	}
}
