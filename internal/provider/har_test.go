package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// kept returns a trace that keeps and its words, at a clock that goes on by 12 ms with each look.
func kept() (*Trace, *bytes.Buffer) {
	var out bytes.Buffer
	at := now
	return NewTrace(TraceOptions{Words: &out, Keep: true, Now: func() time.Time {
		at = at.Add(12 * time.Millisecond)
		return at
	}}), &out
}

func TestTraceOfTheBrowser(t *testing.T) {
	trace, out := kept()
	trace.Sent("https://sts.example/authorize?a=b&client_id=c&state=secret-state&code_challenge=secret-challenge&id_token_hint=" + tokenOf)
	trace.CameBack(Callback{RedirectURI: "http://127.0.0.1:8400/callback", Mode: "query", Values: token.NewSecret("code=secret-code-1&state=secret-state&iss=https%3A%2F%2Fsts.example")})
	trace.CameBack(Callback{RedirectURI: "https://localhost:5454/?x=1", Mode: "form_post", Values: token.NewSecret("code=secret-code-2&error_description=not+secret-state")})
	trace.CameBack(Callback{RedirectURI: "https://localhost:5454/", Mode: "fragment", Values: token.NewSecret("access_token=secret-token&token_type=Bearer")})
	trace.CameBack(Callback{RedirectURI: "https://app.example/cb", Pasted: true, Values: token.NewSecret("code=secret-code-3")})
	mark := func(s string) string { return token.NewSecret(s).Fingerprint() }
	want := fmt.Sprintf(`> the browser is sent to https://sts.example/authorize?a=[masked]&client_id=c&code_challenge=[masked]&id_token_hint=[id_token_hint: JWT, 48 bytes, #%s]&state=[masked]
< the browser came back to http://127.0.0.1:8400/callback by query
<   code=[code: 13 bytes, #%s]
<   iss=https://sts.example
<   state=[masked]
< the browser came back to https://localhost:5454/ by form_post
<   code=[code: 13 bytes, #%s]
<   error_description=not [masked]
< the browser came back to https://localhost:5454/ by fragment
<   access_token=[access_token: 12 bytes, #%s]
<   token_type=Bearer
< the answer for https://app.example/cb was pasted
<   code=[code: 13 bytes, #%s]
`, mark(tokenOf), mark("secret-code-1"), mark("secret-code-2"), mark("secret-token"), mark("secret-code-3"))
	if out.String() != want {
		t.Errorf("trace:\n%s\nwant\n%s", out, want)
	}
	har := mustHAR(t, trace)
	if strings.Contains(har, "secret-") {
		t.Errorf("a secret is in\n%s", har)
	}
	var got []string
	for _, e := range entries(t, har) {
		text := ""
		if e.Request.PostData != nil {
			text = " " + e.Request.PostData.Text
		}
		got = append(got, fmt.Sprintf("%s %s%s %d %s", e.Request.Method, e.Request.URL, text, e.Response.Status, e.Comment))
	}
	wantEntries := strings.NewReplacer("CODE1", mark("secret-code-1"), "CODE2", mark("secret-code-2"), "CODE3", mark("secret-code-3"),
		"TOKEN", mark("secret-token"), "HINT", mark(tokenOf)).Replace(strings.Join([]string{
		"GET https://sts.example/authorize?a=%5Bmasked%5D&client_id=c&code_challenge=%5Bmasked%5D&id_token_hint=%5Bid_token_hint%3A+JWT%2C+48+bytes%2C+%23HINT%5D&state=%5Bmasked%5D 0 " +
			"the browser was sent there; what it was answered isn't seen by simsid",
		"GET http://127.0.0.1:8400/callback?code=%5Bcode%3A+13+bytes%2C+%23CODE1%5D&iss=https%3A%2F%2Fsts.example&state=%5Bmasked%5D 303 the answer that the browser brought",
		"POST https://localhost:5454/?x=%5Bmasked%5D code=%5Bcode%3A+13+bytes%2C+%23CODE2%5D&error_description=not+%5Bmasked%5D 303 the answer that the browser brought",
		"GET https://localhost:5454/#access_token=%5Baccess_token%3A+12+bytes%2C+%23TOKEN%5D&token_type=Bearer 303 the answer that the browser brought, behind the #",
		"GET https://app.example/cb?code=%5Bcode%3A+13+bytes%2C+%23CODE3%5D 0 the answer that was pasted; the browser never came",
	}, "\n"))
	if strings.Join(got, "\n") != wantEntries {
		t.Errorf("entries:\n%s\nwant\n%s", strings.Join(got, "\n"), wantEntries)
	}
}

func mustHAR(t *testing.T, trace *Trace) string {
	t.Helper()
	b, err := trace.HAR("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func entries(t *testing.T, har string) []harEntry {
	t.Helper()
	var doc struct{ Log harLog }
	if err := json.Unmarshal([]byte(har), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Log.Entries
}

func TestHAROfAnExchange(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Date"] = nil
		h.Set("Content-Type", "application/json")
		h.Set("Set-Cookie", "idsrv=cookie-secret")
		h.Set("Location", "https://x/path?code=secret-code")
		_, _ = fmt.Fprint(w, `{"access_token":"secret-access","expires_in":3600,"token_type":"Bearer","aud":["a",{"x":"secret-deep"}],"error_uri":{"x":"secret-deep"},"deep":{"a":"secret-deep"},"active":true,"amr":null}`)
	}})
	trace, _ := kept()
	p := s.provider(Kind{})
	p.HTTP = NewHTTPClient(HTTPOptions{Trace: trace})
	if _, err := exchange(t, p); err != nil {
		t.Fatal(err)
	}
	code, verifier, access := testCode.Fingerprint(), token.NewSecret("the-verifier").Fingerprint(), token.NewSecret("secret-access").Fingerprint()
	want := strings.NewReplacer("HOST", s.host(), "CODEMARK", code, "VERIFIERMARK", verifier, "ACCESSMARK", access,
		"SECRETCODE", token.NewSecret("secret-code").Fingerprint()).Replace(`{
 "log": {
  "version": "1.2",
  "creator": {
   "name": "simsid",
   "version": "1.2.3"
  },
  "entries": [
   {
    "startedDateTime": "2026-11-21T21:00:00.012Z",
    "time": 12,
    "request": {
     "method": "POST",
     "url": "http://HOST/token",
     "httpVersion": "HTTP/1.1",
     "cookies": [],
     "headers": [
      {
       "name": "Accept",
       "value": "application/json"
      },
      {
       "name": "Content-Type",
       "value": "application/x-www-form-urlencoded"
      },
      {
       "name": "User-Agent",
       "value": "simsid"
      }
     ],
     "queryString": [],
     "postData": {
      "mimeType": "application/x-www-form-urlencoded",
      "params": [
       {
        "name": "client_id",
        "value": "client-1"
       },
       {
        "name": "client_secret",
        "value": "[masked]"
       },
       {
        "name": "code",
        "value": "[code: 32 bytes, #CODEMARK]"
       },
       {
        "name": "code_verifier",
        "value": "[code_verifier: 12 bytes, #VERIFIERMARK]"
       },
       {
        "name": "grant_type",
        "value": "authorization_code"
       },
       {
        "name": "redirect_uri",
        "value": "http://127.0.0.1:8400/callback"
       }
      ],
      "text": "client_id=client-1&client_secret=%5Bmasked%5D&code=%5Bcode%3A+32+bytes%2C+%23CODEMARK%5D&code_verifier=%5Bcode_verifier%3A+12+bytes%2C+%23VERIFIERMARK%5D&grant_type=authorization_code&redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%2Fcallback"
     },
     "headersSize": -1,
     "bodySize": BODYSIZE
    },
    "response": {
     "status": 200,
     "statusText": "OK",
     "httpVersion": "HTTP/1.1",
     "cookies": [],
     "headers": [
      {
       "name": "Content-Type",
       "value": "application/json"
      },
      {
       "name": "Location",
       "value": "https://x/path?code=[code: 11 bytes, #SECRETCODE]"
      },
      {
       "name": "Content-Length",
       "value": "[masked]"
      },
      {
       "name": "Set-Cookie",
       "value": "[masked]"
      }
     ],
     "content": {
      "size": 188,
      "mimeType": "application/json",
      "text": "{\"access_token\":\"[access_token: 13 bytes, #ACCESSMARK]\",\"expires_in\":3600,\"token_type\":\"Bearer\",\"aud\":[\"a\",\"[masked]\"],\"error_uri\":\"[masked]\",\"deep\":\"[masked]\",\"active\":true,\"amr\":null}"
     },
     "redirectURL": "https://x/path?code=[code: 11 bytes, #SECRETCODE]",
     "headersSize": -1,
     "bodySize": 188
    },
    "cache": {},
    "timings": {
     "send": 0,
     "wait": 12,
     "receive": 0
    }
   }
  ],
  "comment": "Secrets are masked. Names and addresses of people may be in it: read it before you send it."
 }
}
`)
	got := mustHAR(t, trace)
	want = strings.Replace(want, "BODYSIZE", fmt.Sprint(len(s.seen()[0].Form)), 1)
	if got != want {
		t.Errorf("HAR:\n%s\nwant\n%s", got, want)
	}
}

// An exchange without an answer, and one that isn't JSON, are entries as well.
func TestHAROfFailures(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		"/userinfo": says(500, "text/html", "<html>secret-page"),
		"/revoke": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = fmt.Fprint(w, "{")
		},
	})
	trace, _ := kept()
	p := s.provider(Kind{})
	p.HTTP = NewHTTPClient(HTTPOptions{Trace: trace})
	_, _ = p.Userinfo(t.Context(), testToken, "")
	_ = p.Revoke(t.Context(), Client{}, testToken, "")
	s.Close()
	_, _ = p.Userinfo(t.Context(), testToken, "")
	har := mustHAR(t, trace)
	got := entries(t, har)
	if len(got) != 3 || got[0].Response.Status != 500 || got[0].Response.Content.Text != "" ||
		got[0].Response.Content.Comment != "a page of HTML or XML instead of a JSON object" ||
		got[1].Response.Comment != "unexpected EOF" || got[2].Response.Status != 0 || !strings.HasPrefix(got[2].Response.Comment, "dial tcp ") ||
		strings.Contains(har, "secret-page") {
		t.Errorf("%s", har)
	}
}

// A long run keeps a bounded file, which says that it isn't whole.
func TestHARIsBounded(t *testing.T) {
	trace, _ := kept()
	for range traceKept + 3 {
		trace.Sent("https://sts.example/")
	}
	har := mustHAR(t, trace)
	if n := len(entries(t, har)); n != traceKept || !strings.Contains(har, "3 further exchanges were not kept.") {
		t.Errorf("%d entries, comment %s", n, har[len(har)-200:])
	}
}

// What was secret in one exchange stays masked in the next, as it is and as it looks in an address.
func TestTraceRemembers(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		"/token":    says(200, "", `{"access_token":"secret access/token","token_type":"Bearer","id_token":"x","scope":"a"}`),
		"/userinfo": says(400, "", `{"error":"invalid_request","error_description":"secret access/token or secret+access%2Ftoken or secret%20access%2Ftoken, client-secret"}`),
	})
	trace, out := kept()
	p := s.provider(Kind{})
	p.HTTP = NewHTTPClient(HTTPOptions{Trace: trace})
	_, _ = p.Exchange(context.Background(), Client{ID: "c", Secret: token.NewSecret("client-secret"), Auth: AuthBasic}, testCode, token.Secret{}, "http://localhost/")
	_, _ = p.Userinfo(t.Context(), testToken, "")
	if text := out.String(); !strings.HasSuffix(text, "<   error_description: [masked] or [masked] or [masked], [masked]\n") {
		t.Errorf("trace:\n%s", text)
	}
}

// A trace that isn't wanted is nil, and takes everything.
func TestNoTrace(t *testing.T) {
	var none *Trace
	none.Sent("https://sts.example/")
	none.CameBack(Callback{RedirectURI: "http://localhost/"})
}

// An answer that has an object inside of what is shown, or escapes in it, gives nothing away.
func FuzzTraceOfAnAnswer(f *testing.F) {
	const secret = "Zx9-secret-value"
	for _, seed := range []string{
		`{"error_description":"Zx9-secret-value"}`, `{"error_uri":{"x":"\u005ax9-secret-value"}}`, `{"aud":["\u005ax9-secret-value",["Zx9-secret-value"]]}`,
		`{"exp":1,"keys":[1],"iss":null}`, `[`, `{"scope":["a"]}`, `{"Zx9-secret-value":1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		trace, out := kept()
		trace.remember("token", secret, false)
		hc := NewHTTPClient(HTTPOptions{Trace: trace, Base: roundTrip(func(*http.Request) (*http.Response, error) { return response(200, body), nil })})
		p := (&testServer{}).somewhere(hc)
		_, _ = p.Userinfo(t.Context(), token.NewSecret(secret), "")
		har := mustHAR(t, trace)
		for _, e := range entries(t, har) {
			if text := e.Response.Content.Text; text != "" && !json.Valid([]byte(text)) {
				t.Errorf("no JSON: %s", text)
			}
		}
		if strings.Contains(out.String(), secret) || strings.Contains(har, secret) {
			t.Errorf("%s\n%s", out, har)
		}
	})
}
