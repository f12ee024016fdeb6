package provider

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// TestSpellings masks a credential in whatever spelling a server repeats it, and nothing that only resembles it.
func TestSpellings(t *testing.T) {
	const secret = `p&ss"w<rd>'+/=%\ é`
	std, address := base64.StdEncoding, base64.URLEncoding
	in := func(e *base64.Encoding, before, behind string) string {
		return e.EncodeToString([]byte(before + secret + behind))
	}
	all := ""
	for _, c := range []byte(secret) {
		all += fmt.Sprintf("%%%02x", c)
	}
	byJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"itself": secret, "in a query": url.QueryEscape(secret), "in a path": url.PathEscape(secret),
		"small digits": strings.ToLower(url.QueryEscape(secret)), "all escaped": all, "a plus that is none": strings.ReplaceAll(url.PathEscape(secret), "%2B", "+"),
		"HTML": `p&amp;ss&quot;w&lt;rd&gt;&apos;+/=%\ é`, "HTML by number": `p&#38;ss&#34;w&#x3c;rd&#X3E;&#39;+/=%\ &#233;`,
		"JSON": strings.Trim(string(byJSON), `"`), "JSON by number": `p\u0026ss\"w\u003crd\u003e'+\/=%\\ \u00e9`,
		"base64": in(std, "", ""), "base64 of addresses": in(address, "", ""), "without padding": in(std.WithPadding(base64.NoPadding), "", ""),
		"escaped base64": url.QueryEscape(in(std, "", "")), "capitals": "P&SS\"W<RD>'+/=%\\ é",
		"digits": hex.EncodeToString([]byte(secret)), "capital digits": strings.ToUpper(hex.EncodeToString([]byte(secret))),
	} {
		var s spellings
		s.add(secret)
		got := s.masked("<"+text+" ", 1000)
		if strings.TrimRight(strings.ReplaceAll(got, "%3D", "="), "= ") != "<[masked]" {
			t.Errorf("%s: %q is shown as %q", name, text, got)
		}
	}
	for before := range 6 { // base64 of something longer, such as Basic's
		for behind := range 3 {
			var s spellings
			s.add(secret)
			text := in(std, strings.Repeat("x", before), strings.Repeat("y", behind))
			if got := s.masked(text, 1000); len(got) > len("eHh4[masked]eXl5")+4 || !strings.Contains(got, "[masked]") {
				t.Errorf("%d before and %d behind: %q is shown as %q", before, behind, text, got)
			}
		}
	}
}

// TestSpellingsLength: a short credential counts, the shortest as words of their own; of what is none, only long values do.
func TestSpellingsLength(t *testing.T) {
	for _, c := range []struct{ credential, other, text, want string }{
		{"hunter2", "", "wrong hunter2x", "wrong [masked]x"},
		{"hunter2", "", "aHVudGVyMg== aHVudGVyMg", "[masked]== [masked]"},
		{"hunter2", "", "68756E74657232", "[masked]"},
		{"abcd", "", "xabcdx", "x[masked]x"},
		{"abc", "", "abc xabc abcx 1abc abc1 “abc” abc", "[masked] xabc abcx 1abc abc1 “[masked]” [masked]"},
		{"abcd", "", "61626364 YWJjZA== YWJjZB", "[masked] [masked]== [masked]"},
		{"???>>>~~~", "", "Pz8/Pj4+fn5+ Pz8_Pj4-fn5- Pz8%2fPj4%2bfn5%2B", "[masked] [masked] [masked]"},
		{"", "", "nothing", "nothing"},
		{"", "12345678", "x12345678x", "x[masked]x"},
		{"", "1234567", "1234567", "1234567"},
		{"", "12345678", base64.StdEncoding.EncodeToString([]byte("12345678")), "MTIzNDU2Nzg="},
		{"abcd", "", "ab%63", "ab%63"}, {"abcd", "", "ab%", "ab%"}, {"abcd", "", "ab%6", "ab%6"}, {"abcd", "", "ab%zzd", "ab%zzd"},
		{"ab%63", "", "ab%63", "[masked]"}, {"a&b;c", "", "a&b;c a&#zz;", "[masked] a&#zz;"}, {`a\u00zz`, "", `a\u00zz`, "[masked]"},
		{"secret-1", "", "secret-1secret-1 secret-", "[masked][masked] secret-"},
		{"secret-1", "", "secret\\-1 secret\\", "secret\\-1 secret\\"},
	} {
		var s spellings
		s.add(c.credential)
		s.addOther(c.other)
		if got := s.masked(c.text, 1000); got != c.want {
			t.Errorf("%q: %q is shown as %q, expected %q", c.credential+c.other, c.text, got, c.want)
		}
	}
	var s spellings
	for _, name := range []string{"other-name", "code"} { // what was any value becomes a credential
		s.addAll(name, []string{"12345678"})
		s.addAll(name, []string{"12345678"})
	}
	if got := s.masked("MTIzNDU2Nzg=", 100); got != "[masked]=" {
		t.Errorf("got %q", got)
	}
	s.addOther("another value")
	s.addOther("12345678")
	if !s.knows("12345678", true) || s.knows("other", false) || s.knows("another value", true) || !s.knows("another value", false) {
		t.Error("what is known isn't")
	}
	for n, want := range map[int]string{3: "abcd", 4: "abcde", 7: "abcdefgh"} { // no more is made than is shown
		if got := s.masked("abcdefghijklmn", n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	s = spellings{}
	for _, name := range []string{"client_secret", "password", "refresh_token"} {
		s.addAll(name, []string{name[:5]})
		if got := s.masked(name[:5], 100); got != "[masked]" {
			t.Errorf("%s: %q", name, got)
		}
	}
	s.add("secret-1")
	s.add("secret-1-and-more") // the longest counts
	before := len(s.plain.patterns) + len(s.coded.patterns)
	s.add("secret-1-and-more")
	if now := len(s.plain.patterns) + len(s.coded.patterns); now != before {
		t.Errorf("%d patterns became %d", before, now)
	}
	if got := s.masked("secret-1-and-more secret-1-and", 100); got != "[masked] [masked]-and" {
		t.Errorf("got %q", got)
	}
}

// TestUnescaped reads what is an escape, and nothing that only begins as one.
func TestUnescaped(t *testing.T) {
	for text, want := range map[string]string{
		"%41": "A 3", "%4a-": "J 3", "%4": "% 1", "%": "% 1", "%4g": "% 1", "a": "a 1", "+": "+ 1",
		"&amp;": "& 5", "&lt;": "< 4", "&gt;": "> 4", "&quot;": "\" 6", "&apos;": "' 6", "&#65;": "A 5", "&#x41;": "A 6", "&#X41;-": "A 6", "&#000065;": "A 9", "&#xé;": "& 1",
		"&amp": "& 1", "&other;": "& 1", "&#0000065;": "A 10", "&#00000065;": "& 1", "&;": "& 1", "&65;": "& 1", "&#;": "& 1", "&": "& 1",
		`\u0041`: "A 6", `\u00e9x`: "é 6", `\u004`: `\ 1`, `\u00zz`: `\ 1`, `\x0041`: `\ 1`, `\"`: `" 2`, `\\`: `\ 2`, `\/x`: "/ 2", `\n`: `\ 1`, `\`: `\ 1`,
	} {
		if unit, width := unescaped(text); fmt.Sprintf("%s %d", unit, width) != want {
			t.Errorf("%q: %q, %d", text, unit, width)
		}
	}
	if unit, width := formUnescaped("+"); unit != " " || width != 1 {
		t.Errorf("got %q, %d", unit, width)
	}
	for text, want := range map[string]int{"": 0, "a": 1, "+": 1, "/": 1, "-": 1, "_": 1, "=": 0, " ": 0} {
		if got := hangsOn(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
	if got := fold("AZaz09@[`{É"); got != "azaz09@[`{É" {
		t.Errorf("got %q", got)
	}
}

// TestTraceFull: whatever a provider has remembered, what went out stays masked; of its own answers nothing is shown any more.
func TestTraceFull(t *testing.T) {
	many, large := object{}, object{}
	for i := range traceSecrets + 100 {
		many[fmt.Sprintf("unknown_%d", i)] = fmt.Sprintf("filler-%d", i)
	}
	for i := range 3 {
		large[fmt.Sprintf("unknown_%d", i)] = strings.Repeat(string(rune('a'+i)), traceBytes/2)
	}
	for name, filler := range map[string]object{"values": many, "bytes": large} {
		filler["scope"] = "scope-shown"
		tr := NewTrace(TraceOptions{Keep: true})
		b, err := json.Marshal(filler)
		if err != nil {
			t.Fatal(err)
		}
		answer := &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", Header: http.Header{"Server": {"new-token-1"}, "Location": {"https://x/"}, "Content-Type": {"new-token-1"}}}
		want := reply{status: 200, protocol: "HTTP/1.1", size: len(b), instead: traceFull}
		if got := tr.reply(answer, b); fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s: %.300v", name, *got)
		}
		tr.learn(url.Values{"code": {"the-code-of-it"}})
		if got := tr.shown("the-code-of-it"); got != "[masked]" {
			t.Errorf("%s: %q", name, got)
		}
		masked := 0
		for value := range filler {
			if text, ok := filler[value].(string); ok && tr.shown(text) == "[masked]" {
				masked++
			}
		}
		if name == "values" && masked != traceSecrets {
			t.Errorf("%d of the answer's values are masked, want %d", masked, traceSecrets)
		}
		if got := tr.foreign("words of its"); got != traceFull {
			t.Errorf("%s: %q", name, got)
		}
		tr.CameBack(Callback{RedirectURI: "https://app.example/cb", Mode: "query", Values: token.NewSecret("error=new-token-1&state=the-state-of-it")})
		if got := tr.kept[0].form; !slices.Equal(got, []pair{{"error", "[masked]"}, {"state", "[masked]"}}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	tr := NewTrace(TraceOptions{})
	for i := range traceSecrets - 1 {
		for range 2 {
			tr.remember("a", fmt.Sprintf("filler-%d", i), false)
		}
	}
	tr.remember("a", strings.Repeat("x", traceBytes-tr.size), true)
	if tr.full || tr.foreign("words") != "words" {
		t.Error("it is full too early")
	}
	tr.remember("a", "short", false) // it isn't looked for
	tr.remember("code", "filler-1", false)
	if tr.full {
		t.Error("it is full too early")
	}
	tr.remember("a", "one more value", false)
	if !tr.full {
		t.Error("it is never full")
	}
	tr = NewTrace(TraceOptions{})
	tr.remember("a", strings.Repeat("x", traceBytes), false)
	if tr.full {
		t.Error("it is full too early")
	}
}

// TestTraceMeetsWhatIsDeep: what lies in objects and lists is masked where the same answer repeats it; names of what a provider can do
// aren't.
func TestTraceMeetsWhatIsDeep(t *testing.T) {
	tr := NewTrace(TraceOptions{})
	body := `{"tokens":{"access_token":"access-token-1"},"list":["refresh-token-1",{"code":"abcd"}],"scope":"abcd refresh-token-1 access-token-1 client_secret_post",
		"aud":["refresh-token-1",["audience-1"]],"error":{"x":"deep-token-1"},"error_description":"deep-token-1 audience-1","deep":{"iss":"issuer-1-shown"},"error_uri":"issuer-1-shown",
		"other_methods_supported":["client_secret_post"]}`
	a := tr.reply(&http.Response{StatusCode: http.StatusOK, Header: http.Header{
		"Server": {"access-token-1"}, "Cache-Control": {"the-code-of-it abcd scope-of-it"}, "Location": {"https://x/?code=the-code-of-it&scope=scope-of-it"},
	}}, []byte(body))
	got := map[string]string{}
	for _, m := range a.members {
		got[m.name] = m.words
	}
	for _, h := range a.headers {
		got[h.name] = h.value
	}
	want := map[string]string{
		"tokens": "[masked]", "list": "[masked]", "scope": "[masked] [masked] [masked] client_secret_post", "aud": `["[masked]","[masked]"]`, "error": "[masked]",
		"error_description": "[masked] audience-1", "deep": "[masked]", "error_uri": "issuer-1-shown", "other_methods_supported": "[masked]",
		"Server": "[masked]", "Cache-Control": "[masked] [masked] scope-of-it", "Location": "https://x/?code=" + mask("code", "the-code-of-it") + "&scope=scope-of-it",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	tr = NewTrace(TraceOptions{})
	a = tr.reply(&http.Response{StatusCode: http.StatusOK, Header: http.Header{"Server": {"access-token-1"}, "Location": {"https://x/\x7f"}}}, []byte(`["access-token-1"]`))
	if fmt.Sprint(a.headers) != "[{Location [masked]} {Server [masked]}]" {
		t.Errorf("got %v", a.headers)
	}
}

// TestTraceKeepsKeys: a header of the caller's own that isn't shown stays masked where the answer repeats it.
func TestTraceKeepsKeys(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/x": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Server", r.Header.Get("X-Key")) }})
	p, out := tracing(s)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Key", "subscription-key")
	resp, err := p.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if text := out.String(); strings.Contains(text, "subscription") || !strings.Contains(text, "Server: [masked]") {
		t.Error(text)
	}
}

// TestRedirectHoldsNothingSent: the host that a redirect names is shown without what was sent, and so is what net/http says of an answer that
// it can't read.
func TestRedirectHoldsNothingSent(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		"/token": func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			w.Header().Set("Location", "https://"+strings.ToUpper(r.Form.Get("refresh_token"))+".evil.example/")
			w.WriteHeader(http.StatusFound)
		},
		"/revoke": func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s broken\r\n\r\n", r.Form.Get("token"))
			_ = conn.Close()
		},
		"/introspect": func(w http.ResponseWriter, r *http.Request) {
			_, password, _ := r.BasicAuth()
			w.Header().Set("Location", "https://"+password+"/")
			w.WriteHeader(http.StatusFound)
		},
		"/userinfo": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://"+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+"/")
			w.WriteHeader(http.StatusFound)
		},
	})
	p := s.provider(Kind{})
	c := Client{ID: "c", Secret: token.NewSecret("s3cr")}
	_, refreshed := p.Refresh(t.Context(), c, token.NewSecret("refresh-token-1"))
	revoked := p.Revoke(t.Context(), c, token.NewSecret("refresh-token-1"), "")
	_, asked := p.Userinfo(t.Context(), token.NewSecret("access-token-1"), "")
	_, introspected := p.Introspect(t.Context(), Client{ID: "c", Secret: token.NewSecret("s3cr.token-1"), Auth: AuthBasicRaw}, token.NewSecret("refresh-token-1"), "")
	if revoked == nil || revoked.Error() != "revoke: "+strings.TrimPrefix(s.URL, "http://")+": what came isn't HTTP" {
		t.Errorf("got %v", revoked)
	}
	for _, err := range []error{refreshed, asked, introspected} {
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "token-1") || !strings.Contains(err.Error(), "[masked]") {
			t.Errorf("got %v", err)
		}
	}
	if e, ok := refreshed.(*ResponseError); !ok || e.Problem != "a redirect to [masked].evil.example, which isn't followed" { //nolint:errorlint // itself
		t.Errorf("got %v", refreshed)
	}
}

// TestAPIErrorHoldsNothingSent is the same of a call of an API: token and keys.
func TestAPIErrorHoldsNothingSent(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s %s\r\n\r\n", r.Header.Get("Authorization"), r.Header.Get("X-Key"))
		_ = conn.Close()
	}})
	to, err := url.Parse(s.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	origins := []string{Origin(to)}
	resp, err := APICall{
		URL: to, Method: http.MethodGet, Bearer: token.NewSecret("access-token-1"), Origins: origins, Client: func(*url.URL) *http.Client { return http.DefaultClient },
		Keys: []APIHeader{{Name: "X-Key", Value: token.NewSecret("subscription-1"), Origins: origins}},
	}.Do(t.Context())
	if err == nil {
		_ = resp.Body.Close()
		t.Fatal("no error")
	}
	if text := err.Error(); strings.Contains(text, "token-1") || strings.Contains(text, "subscription-1") || !strings.HasSuffix(text, ": what came isn't HTTP") {
		t.Errorf("got %v", text)
	}
}

// TestHidden: what the cause of an error repeats is masked, and the cause stays what it is.
func TestHidden(t *testing.T) {
	var sent spellings
	sent.add("subscription-1")
	cause := errors.New("a certificate for subscription-1.example.com")
	err := sent.hidden(&UnavailableError{Operation: "call GET", Host: "api.example.com", Err: cause})
	if want := "call GET: api.example.com: a certificate for [masked].example.com"; err.Error() != want || !errors.Is(err, cause) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzMasked(f *testing.F) {
	f.Add("secret-1", "it is secret%2d1 and c2VjcmV0LTE=")
	f.Add("ab%63", `ab%2563 &#x61;\u0061`)
	const mask = "[masked]"
	f.Fuzz(func(t *testing.T, secret, text string) {
		var s spellings
		s.add(secret)
		got := s.masked(text+secret+text, 1<<20)
		if len(secret) >= secretWord && !strings.ContainsAny(secret, "[]") && !strings.Contains(mask, secret) && strings.Contains(got, secret) {
			t.Errorf("%q is in %q", secret, got)
		}
	})
}
