package flow

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// hostile is one thing that may come to a waiting listener instead of the answer. In its request, HOST, STATE and CODE stand
// for this login's own: the worst case is somebody who knows them.
type hostile struct {
	name    string
	request string
	status  int     // of the answer; 0: the request is never finished, and no answer is awaited
	allow   string  // of the answer's Allow header
	stray   refusal // the event; "" when none comes
}

const crlf = "\r\n"

// get is a GET request of target with Host: HOST.
func get(target string) string {
	return "GET " + target + " HTTP/1.1" + crlf + "Host: HOST" + crlf + crlf
}

// by is a request of the genuine target by another method.
func by(method, rest string) string {
	return method + " /callback?code=CODE&state=STATE HTTP/1.1" + crlf + "Host: HOST" + crlf + rest + crlf
}

// postForm is a form for a target.
func postForm(target, body string) string {
	return "POST " + target + " HTTP/1.1" + crlf + "Host: HOST" + crlf + "Content-Type: application/x-www-form-urlencoded" + crlf +
		"Content-Length: LENGTH" + crlf + crlf + body
}

// forHost is a request of the genuine target with another Host.
func forHost(host string) string {
	return "GET /callback?code=CODE&state=STATE HTTP/1.1" + crlf + "Host: " + host + crlf + crlf
}

func hostileCallbacks() []hostile {
	const (
		path   = refusal("a request for another path")
		method = refusal("a request by another method than GET")
		host   = refusal("a request for another host")
		long   = refusal("a request with an overlong body")
		bad    = refusal("an answer that is turned away, since ")
	)
	big := strings.Repeat("x", maxBody+1)
	return []hostile{
		{"another path", get("/other?code=CODE&state=STATE"), 404, "", path},
		{"the root", get("/?code=CODE&state=STATE"), 404, "", path},
		{"a longer path", get("/callback/?code=CODE&state=STATE"), 404, "", path},
		{"another case", get("/Callback?code=CODE&state=STATE"), 404, "", path},
		{"an escaped path", get("/call%62ack?code=CODE&state=STATE"), 404, "", path},
		{"dot segments", get("/x/../callback?code=CODE&state=STATE"), 404, "", path},
		{"the landing page's folder", get("/finished/"), 404, "", path},
		{"an icon", get("/favicon.ico"), 404, "", ""},
		{"HEAD", by("HEAD", ""), 405, "GET", method},
		{"OPTIONS", by("OPTIONS", ""), 405, "GET", method},
		{"OPTIONS of everything", "OPTIONS * HTTP/1.1" + crlf + "Host: HOST" + crlf + crlf, 404, "", path},
		{"POST", by("POST", "Content-Length: 0"+crlf), 405, "GET", method},
		{"POST of a form", by("POST", "Content-Type: application/x-www-form-urlencoded"+crlf+"Content-Length: 9"+crlf) +
			"code=CODE", 405, "GET", method},
		{"POST of a body over the limit", by("POST", fmt.Sprintf("Content-Length: %d"+crlf, len(big))) + big, 405, "GET", method},
		{"PUT", by("PUT", "Content-Length: 0"+crlf), 405, "GET", method},
		{"DELETE", by("DELETE", ""), 405, "GET", method},
		{"TRACE", by("TRACE", ""), 405, "GET", method},
		{"CONNECT", "CONNECT HOST HTTP/1.1" + crlf + "Host: HOST" + crlf + crlf, 404, "", path},
		{"a rebound name", forHost("evil.example"), 421, "", host},
		{"a rebound name with the port", forHost("evil.example:5454"), 421, "", host},
		{"Host without the port", forHost("localhost"), 421, "", host},
		{"Host with a dot behind it", forHost("localhost.:1"), 421, "", host},
		{"Host by address", forHost("127.0.0.1:1"), 421, "", host},
		{"no Host", "GET /callback?code=CODE&state=STATE HTTP/1.0" + crlf + crlf, 421, "", host},
		{"two Hosts", "GET /callback?code=CODE&state=STATE HTTP/1.1" + crlf + "Host: HOST" + crlf + "Host: evil.example" + crlf +
			crlf, 400, "", ""},
		{"a target with another authority", "GET http://evil.example/callback?code=CODE&state=STATE HTTP/1.1" + crlf +
			"Host: HOST" + crlf + crlf, 421, "", host},
		{"no query", get("/callback"), 200, "", ""}, // the page that posts a fragment
		{"an empty query", get("/callback?"), 200, "", ""},
		{"a query without an answer", get("/callback?x=y"), 200, "", ""},
		{"a fragment for nobody", postForm("/fragment/", "fragment=code%3DCODE%26state%3DSTATE"), 404, "", path},
		{"a fragment by GET", get("RELAY?fragment=code%3DCODE%26state%3DSTATE"), 405, "POST", "a request by another method than POST"},
		{"a fragment with a code, not asked for", postForm("RELAY", "fragment=code%3DCODE%26state%3DSTATE"), 400, "", bad + refusedWay},
		{"a fragment by a foreign page", strings.Replace(postForm("RELAY", "fragment=error%3De%26state%3DSTATE"), "Host:",
			"Sec-Fetch-Site: cross-site"+crlf+"Host:", 1), 403, "", "a fragment from another page"},
		{"a fragment from a page of the same site", strings.Replace(postForm("RELAY", "fragment=error%3De%26state%3DSTATE"), "Host:",
			"Sec-Fetch-Site: same-site"+crlf+"Host:", 1), 403, "", "a fragment from another page"},
		{"a fragment with a foreign state", postForm("RELAY", "fragment=error%3De%26state%3Dforeign"), 400, "", bad + refusedState},
		{"a fragment without state", postForm("RELAY", "fragment=error%3De"), 400, "", bad + refusedNoState},
		{"two fragments", postForm("RELAY", "fragment=error%3De%26state%3DSTATE&fragment=x"), 400, "", bad + refusedMalformed},
		{"a fragment and more", postForm("RELAY", "fragment=error%3De%26state%3DSTATE&code=evil"), 400, "", bad + refusedMalformed},
		{"an answer that is no fragment", postForm("RELAY", "error=e&state=STATE"), 400, "", bad + refusedMalformed},
		{"no fragment", postForm("RELAY", "fragment="), 400, "", "a visit without an answer"},
		{"an overlong fragment", postForm("RELAY", "fragment="+strings.Repeat("x", maxAnswer+1)), 400, "", bad + refusedLong},
		{"a fragment over the limit", postForm("RELAY", "fragment="+big), 413, "", long},
		{"a fragment as JSON", strings.Replace(postForm("RELAY", "fragment=error%3De%26state%3DSTATE"), "x-www-form-urlencoded", "json", 1),
			415, "", "a body that is no form"},
		{"no state", get("/callback?code=CODE"), 400, "", bad + refusedNoState},
		{"an empty state", get("/callback?code=CODE&state="), 400, "", bad + refusedNoState},
		{"a foreign state", get("/callback?code=evil&state=foreign"), 400, "", bad + refusedState},
		{"a state cut short", get("/callback?code=evil&state=STATE"[:len("/callback?code=evil&state=")] + "S"), 400, "",
			bad + refusedState},
		{"a state with more behind it", get("/callback?code=evil&state=STATEx"), 400, "", bad + refusedState},
		{"an error without state", get("/callback?error=access_denied"), 400, "", bad + refusedNoState},
		{"an error with a foreign state", get("/callback?error=access_denied&state=foreign"), 400, "", bad + refusedState},
		{"two states, ours first", get("/callback?code=evil&state=STATE&state=foreign"), 400, "", bad + refusedRepeated},
		{"two states, ours last", get("/callback?code=evil&state=foreign&state=STATE"), 400, "", bad + refusedState},
		{"two codes", get("/callback?code=evil&code=CODE&state=STATE"), 400, "", bad + refusedRepeated},
		{"two errors", get("/callback?error=a&error=b&state=STATE"), 400, "", bad + refusedRepeated},
		{"two issuers", get("/callback?code=evil&iss=a&iss=b&state=STATE"), 400, "", bad + refusedRepeated},
		{"a code and an error", get("/callback?code=evil&error=access_denied&state=STATE"), 400, "", bad + refusedBoth},
		{"neither code nor error", get("/callback?state=STATE"), 400, "", bad + refusedNothing},
		{"a broken escape", get("/callback?code=CODE&state=STATE%zz"), 400, "", bad + refusedState},
		{"semicolons", get("/callback?code=evil;state=STATE"), 400, "", bad + refusedNoState},
		{"an overlong query", get("/callback?state=STATE&code=" + strings.Repeat("x", maxQuery)), 400, "", bad + refusedLong},
		{"an overlong address", get("/callback?state=STATE&code=" + strings.Repeat("x", maxURL)), 414, "",
			"a request with an overlong address"},
		{"overlong headers", by("GET", "X-Long: "+strings.Repeat("x", maxHeader+8<<10)+crlf), 431, "", ""},
		{"a body over the limit", by("GET", fmt.Sprintf("Content-Length: %d"+crlf, len(big))) + big, 413, "", long},
		{"chunks over the limit", by("GET", "Transfer-Encoding: chunked"+crlf) + fmt.Sprintf("%x"+crlf, len(big)) + big + crlf +
			"0" + crlf + crlf, 413, "", long},
		{"a broken chunk", by("GET", "Transfer-Encoding: chunked"+crlf) + "zz" + crlf, 400, "", "a request whose body never came"},
		{"no HTTP", "hello" + crlf + crlf, 400, "", ""},
		{"TLS", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00" + crlf + crlf, 400, "", ""},
		{"HTTP/2", "PRI * HTTP/2.0" + crlf + crlf + "SM" + crlf + crlf, 421, "", host},
		{"silence", "", 0, "", ""},
		{"a request line that never ends", "GET /callback?code=CODE", 0, "", ""},
		{"headers that never end", "GET /callback?code=CODE&state=STATE HTTP/1.1" + crlf + "Host: HOST" + crlf, 0, "", ""},
		{"a body that never comes", by("GET", "Content-Length: 10"+crlf), 0, "", ""},
	}
}

// hostileForms are for a login that awaits its answer as a form.
func hostileForms() []hostile {
	const (
		bad    = refusal("an answer that is turned away, since ")
		method = refusal("a request by another method than GET and POST")
	)
	big := strings.Repeat("x", maxBody+1)
	of := func(body string) string { return postForm("/callback", body) }
	return []hostile{
		{"no state", of("code=CODE"), 400, "", bad + refusedNoState},
		{"a foreign state", of("code=evil&state=foreign"), 400, "", bad + refusedState},
		{"an error with a foreign state", of("error=access_denied&state=foreign"), 400, "", bad + refusedState},
		{"two states", of("code=evil&state=STATE&state=foreign"), 400, "", bad + refusedRepeated},
		{"two codes", of("code=evil&code=CODE&state=STATE"), 400, "", bad + refusedRepeated},
		{"a code and an error", of("code=CODE&error=e&state=STATE"), 400, "", bad + refusedBoth},
		{"nothing", of(""), 400, "", bad + refusedNoState},
		{"semicolons", of("code=evil;state=STATE"), 400, "", bad + refusedNoState},
		{"an answer in the query too", postForm("/callback?code=evil&state=STATE", "code=CODE&state=STATE"), 400, "", bad + refusedDouble},
		{"a broken query", postForm("/callback?code=%zz", "code=CODE&state=STATE"), 400, "", bad + refusedDouble},
		{"the answer in the query", get("/callback?code=CODE&state=STATE"), 400, "", bad + refusedWay},
		{"the answer in the fragment", postForm("RELAY", "fragment=code%3DCODE%26state%3DSTATE"), 400, "", bad + refusedWay},
		{"another path", postForm("/other", "code=CODE&state=STATE"), 404, "", "a request for another path"},
		{"the landing page", postForm("/finished/", "code=CODE&state=STATE"), 404, "", "a request for another path"},
		{"a rebound name", strings.Replace(of("code=CODE&state=STATE"), "HOST", "evil.example", 1), 421, "", "a request for another host"},
		{"JSON", strings.Replace(of("code=CODE&state=STATE"), "x-www-form-urlencoded", "json", 1), 415, "", "a body that is no form"},
		{"plain text, as a foreign page may send it", strings.Replace(of("code=CODE&state=STATE"), "application/x-www-form-urlencoded",
			"text/plain", 1), 415, "", "a body that is no form"},
		{"no type", strings.Replace(of("code=CODE&state=STATE"), "Content-Type", "X-Type", 1), 415, "", "a body that is no form"},
		{"PUT", strings.Replace(of("code=CODE&state=STATE"), "POST", "PUT", 1), 405, "GET, POST", method},
		{"HEAD", by("HEAD", ""), 405, "GET, POST", method},
		{"an overlong answer", of("state=STATE&code=" + strings.Repeat("x", maxAnswer)), 400, "", bad + refusedLong},
		{"an overlong body", of("state=STATE&code=" + big), 413, "", "a request with an overlong body"},
		{"a body that never comes", strings.Replace(of("code=CODE&state=STATE"), "LENGTH", "1000", 1), 0, "", ""},
	}
}

// TestHostileCallbacks sends each of them to a waiting login, more than once, and then the genuine answer.
func TestHostileCallbacks(t *testing.T) {
	beHostile(t, hostileCallbacks(), ModeQuery)
}

func TestHostileForms(t *testing.T) {
	beHostile(t, hostileForms(), ModeFormPost)
}

func beHostile(t *testing.T, all []hostile, mode string) {
	t.Helper()
	s := newSTS(t)
	for _, h := range all {
		t.Run(h.name, func(t *testing.T) {
			a := begin(t, s, func(r *LoginRequest) { r.ResponseMode = mode }).waiting()
			request := a.fill(h.request, a.sts.grant(a.request))
			for range 3 {
				a.suffer(h, request)
			}
			status, _ := a.answer(mode, a.parts())
			if status != http.StatusOK {
				t.Errorf("the landing page after the genuine answer: status %d", status)
			}
			result, err := a.end()
			if err != nil {
				t.Fatalf("the login after it: %v", err)
			}
			if result.Via != viaBrowser || result.Set.Access.Reveal() != "access-1" {
				t.Errorf("the login after it: %+v", result)
			}
		})
	}
}

// fill puts this login's own in place of what stands for it.
func (a *attempt) fill(request, code string) string {
	a.t.Helper()
	request = strings.NewReplacer(
		"HOST", mustURL(a.t, a.redirectURI()).Host, "STATE", a.request.Get("state"), "CODE", code, "RELAY", a.relay(),
	).Replace(request)
	_, body, _ := strings.Cut(request, crlf+crlf)
	return strings.Replace(request, "LENGTH", strconv.Itoa(len(body)), 1)
}

// suffer sends a hostile request and checks its answer and its event.
func (a *attempt) suffer(h hostile, request string) {
	a.t.Helper()
	if h.status == 0 {
		if _, err := io.WriteString(a.dial(), request); err != nil {
			a.t.Fatal(err)
		}
		return
	}
	method, _, _ := strings.Cut(request, " ")
	resp := a.raw(method, request)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	if resp.StatusCode != h.status || resp.Header.Get("Allow") != h.allow {
		a.t.Errorf("expected status %d and Allow %q, got %d and %q", h.status, h.allow, resp.StatusCode, resp.Header.Get("Allow"))
	}
	for _, secret := range []string{a.request.Get("state"), "evil", "foreign", "code-"} {
		if strings.Contains(string(body), secret) {
			a.t.Errorf("the answer repeats something of the request: %q", body)
		}
	}
	if h.stray == "" {
		return
	}
	if e := a.event(); e != (Stray{Reason: string(h.stray)}) {
		a.t.Errorf("expected the event %q, got %#v", h.stray, e)
	}
}

// TestHostileAtOnce lets all of them come at one listener, unfinished ones first, while a crowd of silent connections is
// open as well.
func TestHostileAtOnce(t *testing.T) {
	a := begin(t, newSTS(t), nil).waiting()
	genuine := a.genuine()
	for range 2 * maxConnections {
		a.dial()
	}
	for _, h := range slices.Backward(hostileCallbacks()) {
		request := a.fill(h.request, "evil")
		if _, err := io.WriteString(a.dial(), request); err != nil {
			t.Fatal(err)
		}
	}
	if status, _, _ := a.visit(genuine); status != http.StatusOK {
		t.Errorf("the landing page: status %d", status)
	}
	if _, err := a.end(); err != nil {
		t.Fatal(err)
	}
	reported := 0
	for e := range drained(a.events) {
		if _, ok := e.(Stray); ok {
			reported++
		}
	}
	if reported > maxReported {
		t.Errorf("%d strays were reported, more than %d", reported, maxReported)
	}
}

func drained(events chan Event) func(yield func(Event) bool) {
	return func(yield func(Event) bool) {
		for {
			select {
			case e := <-events:
				if !yield(e) {
					return
				}
			default:
				return
			}
		}
	}
}
