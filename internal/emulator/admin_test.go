package emulator

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

const adminToken = "0123456789abcdef0123456789abcdef"

// admin calls the address of faults from this machine.
func (b *bench) admin(method, path, body string) answer {
	b.Helper()
	r := b.request(method, b.base+path, nil)
	if body != "" {
		r = httptest.NewRequestWithContext(b.Context(), method, b.base+path, strings.NewReader(body))
		r.RequestURI = ""
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	return b.do(b.browser, r)
}

func TestFaultsByAdmin(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{AdminToken: token.NewSecret(adminToken)})
	for _, step := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/emulator/faults", "", 200, `{"faults":[]}`},
		{"POST", "/emulator/faults", `{"kind":"delay","duration":"2s","times":3,"endpoint":"token"}`, 201,
			`{"fault":{"id":1,"kind":"delay","endpoint":"token","duration":"2s","times":3,"met":0}}`},
		{"POST", "/emulator/faults", `{"kind":"status","status":503,"retry_after":"1m","client":"` + BuiltinClientID + `"}`, 201,
			`{"fault":{"id":2,"kind":"status","client":"` + BuiltinClientID + `","status":503,"retry_after":"1m0s","met":0}}`},
		{"POST", "/Emulator/Faults", `{"kind":"html","endpoint":"jwks"}`, 201, `{"fault":{"id":3,"kind":"html","endpoint":"jwks","met":0}}`},
		{"DELETE", "/emulator/faults/1", "", 200, `{"cleared":1}`},
		{"DELETE", "/emulator/faults/1", "", 404, `{"error":"there is no such fault"}`},
		{"DELETE", "/emulator/faults/0", "", 404, `{"error":"there is no such fault"}`},
		{"DELETE", "/emulator/faults/x", "", 404, `{"error":"there is no such fault"}`},
		{"GET", "/emulator/faults/2", "", 405, `{"Message":"The requested resource does not support the method of this request."}`},
		{"PUT", "/emulator/faults", "", 405, `{"Message":"The requested resource does not support the method of this request."}`},
		{"DELETE", "/emulator/faults", "", 200, `{"cleared":2}`},
		{"POST", "/emulator/faults", "", 400, `{"error":"the body is no fault: EOF"}`},
		{"POST", "/emulator/faults", `{"kind":"html","colour":"red"}`, 400, `{"error":"the body is no fault: json: unknown field \"colour\""}`},
		{"POST", "/emulator/faults", `{"kind":"html"}{}`, 400, `{"error":"something follows the fault"}`},
		{"POST", "/emulator/faults", `{"kind":"html","id":7}`, 400, `{"error":"the fault can't be used: id and met are the emulator's to give"}`},
		{"POST", "/emulator/faults", `{"kind":"delay","duration":"long"}`, 400,
			`{"error":"the fault can't be used: duration is \"long\", and is a length of time such as \"2s\""}`},
		{"POST", "/emulator/faults", `{"kind":"status","status":200}`, 400, `{"error":"the fault can't be used: status is 200, and can be 500 or 503"}`},
		{"GET", "/emulator/faults", "", 200, `{"faults":[]}`},
	} {
		if a := b.admin(step.method, step.path, step.body); a.status != step.status || a.body != step.want {
			t.Errorf("%s %s %s: got %d %s, want %d %s", step.method, step.path, step.body, a.status, a.body, step.status, step.want)
		}
	}
}

// curl calls every body a form, and the log looks into forms for a client.
func TestFaultCalledForm(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{AdminToken: token.NewSecret(adminToken), Observe: func(Exchange) {}})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, b.base+"/emulator/faults", strings.NewReader(`{"kind":"html"}`))
	r.RequestURI = ""
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+adminToken)
	if a := b.do(b.browser, r); a.status != 201 {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// Faults are set with the token, from this machine, where there is a token at all. No fault touches the address itself.
func TestFaultsAreGuarded(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{AdminToken: token.NewSecret(adminToken), Faults: []Fault{{Kind: FaultStatus, Status: 500}}})
	ask := func(s *Server, remote, authorization string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/emulator/faults", nil)
		r.RemoteAddr = remote
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w.Code
	}
	for _, c := range []struct {
		remote, authorization string
		want                  int
	}{
		{"127.0.0.1:5000", "Bearer " + adminToken, 200},
		{"[::1]:5000", "bearer " + adminToken, 200},
		{"[::ffff:127.0.0.1]:5000", "Bearer " + adminToken, 200},
		{"127.0.0.1:5000", "", 401},
		{"127.0.0.1:5000", "Bearer", 401},
		{"127.0.0.1:5000", "Bearer " + adminToken + "0", 401},
		{"127.0.0.1:5000", "Basic " + adminToken, 401},
		{"192.0.2.1:5000", "Bearer " + adminToken, 403},
		{"", "Bearer " + adminToken, 403},
	} {
		if got := ask(b.Server, c.remote, c.authorization); got != c.want {
			t.Errorf("%s, %q: got %d, want %d", c.remote, c.authorization, got, c.want)
		}
	}
	none := newBench(t, Options{})
	for _, authorization := range []string{"", "Bearer", "Bearer " + adminToken} {
		if got := ask(none.Server, "127.0.0.1:5000", authorization); got != 404 {
			t.Errorf("without a token: got %d", got)
		}
	}
}

// A new key signs from now on, and tokens of the old one hold.
func TestRotateByAdmin(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{AdminToken: token.NewSecret(adminToken)})
	old := b.login("head")
	if a := b.do(b.browser, b.request(http.MethodPost, b.base+"/emulator/rotate-key", nil)); a.status != 401 {
		t.Errorf("without the token: got %d", a.status)
	}
	if a := b.admin("GET", "/emulator/rotate-key", ""); a.status != 405 {
		t.Errorf("got %d", a.status)
	}
	a := b.admin("POST", "/emulator/rotate-key", "")
	kid := strings.TrimSuffix(strings.TrimPrefix(a.body, `{"kid":"`), `"}`)
	if header := b.part(b.login("head").Access, 0); a.status != 200 || !strings.Contains(header, `"kid":"`+kid+`"`) {
		t.Errorf("got %d %s, and tokens of %s", a.status, a.body, header)
	}
	if strings.Contains(b.part(old.Access, 0), kid) || taken(b, old.Access) == "" {
		t.Error("tokens of the old key don't hold")
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	a := b.do(b.browser, b.request(http.MethodGet, b.base+"/emulator/health", nil))
	if a.status != 200 || a.body != `{"status":"ok","issuer":"`+Issuer+`"}` {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a := b.do(b.browser, b.request(http.MethodPost, b.base+"/emulator/health", nil)); a.status != 405 {
		t.Errorf("got %d", a.status)
	}
	broken := newBench(t, Options{Dir: t.TempDir()})
	broken.store.dir = "/dev/null/nowhere"
	if a := broken.do(broken.browser, broken.request(http.MethodGet, broken.base+"/emulator/health", nil)); a.status != 503 {
		t.Errorf("with a state that can't be read: got %d", a.status)
	}
}

// told collects what an observer hears.
type told struct {
	mu  sync.Mutex
	all []Exchange
}

func (o *told) hear(x Exchange) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, x)
}

// Each request is told with its client, status, faults and words, and none of its secrets.
func TestObserve(t *testing.T) {
	t.Parallel()
	var heard told
	b := newBench(t, Options{Observe: heard.hear})
	b.add(func(c *ClientConfig) { c.RedirectURIs = []string{"https://localhost:5454/"} })
	b.authorize(b.browser, otherQuery("redirect_uri", "https://localhost:5454"))
	b.post("connect/token", otherForm("client_secret", "no%secret", "code", "c0de"))
	b.set(Fault{Kind: FaultStatus, Status: 503, Endpoint: "jwks"})
	b.do(b.back, b.request(http.MethodGet, Issuer+".well-known/jwks?x=%0a", nil))
	want := []Exchange{
		{
			At: start, Method: "GET", Path: "/connect/authorize", Status: 200, Client: "other", Name: "Other",
			Notes: []Note{{"redirect-uri", "redirect_uri “https://localhost:5454” differs from the registered one, " +
				"“https://localhost:5454/”, by its trailing slash; the real STS shows an error page with status 200 and tells you nothing"}},
		},
		{
			At: start, Method: "POST", Path: "/connect/token", Status: 400, Client: "other", Name: "Other",
			Notes: []Note{{"client", "the secret of client “other” is wrong"}},
		},
		{At: start, Method: "GET", Path: "/.well-known/jwks", Status: 503, Faults: []string{"status"}},
	}
	if !reflect.DeepEqual(heard.all, want) {
		t.Errorf("got  %+v\nwant %+v", heard.all, want)
	}
}

// A dropped connection is told as one without a status.
func TestObserveDrop(t *testing.T) {
	t.Parallel()
	heard := make(chan Exchange, 100)
	b := newBench(t, Options{Observe: func(x Exchange) { heard <- x }})
	got := b.login("head")
	b.set(Fault{Kind: FaultDropAfterRotation})
	for len(heard) > 0 {
		<-heard
	}
	if a, err := b.raw("/connect/token", refreshForm(got.Refresh)); err == nil {
		t.Fatalf("got %+v", a)
	}
	x := <-heard
	if x.Status != 0 || !reflect.DeepEqual(x.Faults, []string{"drop-after-rotation"}) {
		t.Errorf("got %+v", x)
	}
}

// Whatever is sent as a token's claims names a client or nobody.
func TestClientOfToken(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                         "",
		"a.b":                      "",
		"x.e30.y":                  "",
		"x.!.y":                    "",
		"x.eyJhdWQiOiJhcHAifQ.y":   "app", // {"aud":"app"}
		"x.eyJhdWQiOlsiYXBwIl19.y": "",    // {"aud":["app"]}
		"x.eyJhdWQiOiJhIiwiY2xpZW50X2lkIjoiYXBwIn0.y": "app", // {"aud":"a","client_id":"app"}
		strings.Repeat("x", maxClientHint) + ".e30.y": "",
	} {
		if got := clientOfToken(raw); got != want {
			t.Errorf("%.40s: got %q, want %q", raw, got, want)
		}
	}
}

// Faults that are met by many at once happen as often as they are to.
func TestFaultCount(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	b.set(Fault{Kind: FaultStatus, Status: 500, Times: 3})
	var wg sync.WaitGroup
	failed := make(chan error, 20)
	for range 20 {
		wg.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, Issuer+".well-known/jwks", nil)
			if err != nil {
				failed <- err
				return
			}
			res, err := b.back.Do(r)
			if err != nil {
				failed <- err
				return
			}
			defer res.Body.Close()
			if res.StatusCode == http.StatusInternalServerError {
				failed <- errOnDemand
			}
		})
	}
	wg.Wait()
	if len(failed) != 3 {
		t.Errorf("it happened %d times", len(failed))
	}
	for range len(failed) {
		if err := <-failed; !errors.Is(err, errOnDemand) {
			t.Error(err)
		}
	}
}

var errOnDemand = errors.New("on demand")
