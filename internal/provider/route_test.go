package provider

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// timeless leaves out of a route what differs from run to run.
func timeless(r Route) Route {
	r.Took, r.Connected = 0, ""
	return r
}

// A way that leads there is described by whom it led to, and by who vouches for it.
func TestReach(t *testing.T) {
	root := issue(t, pkix.Name{CommonName: "Inspection", Organization: []string{"Example School"}}, nil, authority)
	leaf := issue(t, pkix.Name{CommonName: "sts"}, &root, forLoopback)
	s := serveTLS(t, leaf, root)
	address := s.Listener.Addr().String()
	told := &ServerClock{}
	got := Reach(t.Context(), HTTPOptions{Trust: []*x509.Certificate{root.cert}, Now: clock, Clock: told}, "https://"+address+"/")
	want := Route{Host: "127.0.0.1", Status: http.StatusOK, Chain: &ServerChain{
		Issuer: "Inspection, of Example School", Names: []string{"127.0.0.1"}, From: leaf.cert.NotBefore, Until: leaf.cert.NotAfter,
		Added: true, Roots: []*x509.Certificate{root.cert}, Version: "TLS 1.3",
	}}
	if got.Connected != address {
		t.Errorf("connected to %q", got.Connected)
	}
	if !reflect.DeepEqual(timeless(got), want) {
		t.Errorf("got  %+v %+v\nwant %+v %+v", got, got.Chain, want, want.Chain)
	}
	if _, known := told.Ahead(); !known {
		t.Error("the clock heard nothing")
	}
	// An authority that nobody added is named, and nothing is passed over.
	got = Reach(t.Context(), HTTPOptions{Now: clock}, "https://"+address+"/")
	bad, ok := errors.AsType[*CertificateError](got.Err)
	if !ok || bad.Fault != UnknownAuthority || bad.Issuer != "Inspection, of Example School" || got.Chain != nil || got.Status != 0 {
		t.Errorf("untrusted: %+v", got)
	}
}

// On this machine there is no TLS by plain http, and a name is looked up.
func TestReachPlain(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/": says(http.StatusTeapot, "text/html", "<p>")})
	_, port, err := net.SplitHostPort(s.host())
	if err != nil {
		t.Fatal(err)
	}
	got := Reach(t.Context(), HTTPOptions{Now: clock}, "http://localhost:"+port+"/")
	if len(got.Addresses) == 0 || got.Connected != s.host() {
		t.Errorf("by name: %+v", got)
	}
	got.Addresses = nil
	if want := (Route{Host: "localhost", Status: http.StatusTeapot}); !reflect.DeepEqual(timeless(got), want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// It asks once, and goes nowhere else.
	s = serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}})
	if got := Reach(t.Context(), HTTPOptions{Now: clock}, "http://"+s.host()+"/"); got.Status != http.StatusFound {
		t.Errorf("a redirect is followed: %+v", got)
	}
}

// A name that nobody has, an address that can't be, and silence are told apart.
func TestReachNowhere(t *testing.T) {
	got := Reach(t.Context(), HTTPOptions{Now: clock}, "https://sts.simsid.invalid/")
	if _, ok := errors.AsType[*net.DNSError](got.Resolved); !ok || got.Err == nil || got.Connected != "" {
		t.Errorf("a name that nobody has: %+v", got)
	}
	got = Reach(t.Context(), HTTPOptions{Now: clock}, "http://sts.example/")
	if _, ok := got.Err.(*AddressError); !ok { //nolint:errorlint // before anything is asked for
		t.Errorf("plain http elsewhere: %+v", got)
	}
	var lc net.ListenConfig
	silent, err := lc.Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got = Reach(ctx, HTTPOptions{Now: clock}, "http://"+silent.Addr().String()+"/")
	if e, ok := errors.AsType[*UnavailableError](got.Err); !ok || !e.Timeout() {
		t.Errorf("silence: %+v", got)
	}
}

func TestRouteNotFound(t *testing.T) {
	for err, want := range map[error]bool{
		&net.DNSError{IsNotFound: true}: true, &net.DNSError{IsTimeout: true}: false, errors.New("x"): false,
	} {
		if got := (Route{Resolved: err}).NotFound(); got != want {
			t.Errorf("%v: %t", err, got)
		}
	}
	if (Route{}).NotFound() {
		t.Error("nothing was looked up")
	}
}

// A trace has the exchange, as any other's.
func TestReachTrace(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/": says(http.StatusOK, "application/json", `{}`)})
	var words strings.Builder
	trace := NewTrace(TraceOptions{Words: &words, Now: clock})
	if got := Reach(t.Context(), HTTPOptions{Now: clock, Trace: trace}, "http://"+s.host()+"/"); got.Err != nil || !strings.Contains(words.String(), "GET http://"+s.host()+"/") {
		t.Errorf("%v, traced: %s", got.Err, words.String())
	}
}
