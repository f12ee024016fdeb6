package provider

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// TestCertificateWords: faults that no server of a test can have, and names of every form.
func TestCertificateWords(t *testing.T) {
	self := issue(t, pkix.Name{CommonName: "self"}, nil, authority).cert
	other := issue(t, pkix.Name{CommonName: "other"}, nil, authority).cert
	unknown := x509.UnknownAuthorityError{Cert: self}
	for name, c := range map[string]struct {
		chain []*x509.Certificate
		err   error
		now   time.Time
		want  CertificateFault
	}{
		"no certificate":                         {nil, unknown, now, OtherFault},
		"by itself":                              {[]*x509.Certificate{self}, unknown, now, SelfSigned},
		"by itself, and others":                  {[]*x509.Certificate{self, other}, unknown, now, UnknownAuthority},
		"by itself, with another fault":          {[]*x509.Certificate{self}, x509.CertificateInvalidError{Cert: self, Reason: x509.TooManyIntermediates}, now, OtherFault},
		"expired, and it isn't said which":       {[]*x509.Certificate{self}, x509.CertificateInvalidError{Reason: x509.Expired}, now, Expired},
		"too early":                              {[]*x509.Certificate{self}, x509.CertificateInvalidError{Reason: x509.Expired}, now.Add(-48 * time.Hour), NotYetValid},
		"expired or early, at nobody knows when": {[]*x509.Certificate{self}, x509.CertificateInvalidError{Reason: x509.Expired}, time.Time{}, Expired},
	} {
		err := explainCertificate(&tls.CertificateVerificationError{UnverifiedCertificates: c.chain, Err: c.err}, "h", c.now)
		e, ok := errors.AsType[*CertificateError](err)
		if !ok || e.Fault != c.want || c.chain != nil && !e.Until.Equal(self.NotAfter) {
			t.Errorf("%s: %+v", name, err)
		}
	}
	for want, e := range map[string]*CertificateError{
		"the certificate was good until 2026-11-21T21:00:00Z":                   {Fault: Expired, Until: now},
		`the certificate is for "a", "b", "c", "d", and not for "h"`:            {Fault: WrongHost, Host: "h", Names: []string{"a", "b", "c", "d"}},
		`the certificate is for "a", and not for "h"`:                           {Fault: WrongHost, Host: "h", Names: []string{"a"}},
		`the certificate is for "a", "b", "c", "d" and 2 more, and not for "h"`: {Fault: WrongHost, Host: "h", Names: []string{"a", "b", "c", "d", "e", "f"}},
	} {
		if e.Error() != want {
			t.Errorf("got %q, expected %q", e.Error(), want)
		}
	}
	for want, n := range map[string]pkix.Name{
		"OU=unit": {OrganizationalUnit: []string{"unit"}}, "O": {Organization: []string{"O"}}, "C": {CommonName: "C"}, "same": {CommonName: "same", Organization: []string{"same"}},
		"C, of O, P": {CommonName: "C", Organization: []string{"O", "P"}},
	} {
		if got := nameOf(n); got != want {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
}

// TestChallengesCutOff: a line that breaks off is read as far as it goes.
func TestChallengesCutOff(t *testing.T) {
	for line, want := range map[string][]challenge{
		`Bearer error="abc\`:                 {{"bearer", map[string]string{}}},
		`Bearer error="abc`:                  {{"bearer", map[string]string{}}},
		`Negotiate abc`:                      {{"negotiate", map[string]string{}}},
		`Negotiate abc==`:                    {{"negotiate", map[string]string{}}},
		"Negotiate abc== \t, Bearer error=x": {{"negotiate", map[string]string{}}, {"bearer", map[string]string{"error": "x"}}},
	} {
		if got := parseChallenges([]string{line}); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v", line, got)
		}
	}
}

// TestOrigins: what can't be read is of no origin.
func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://a/x", "https://A/y", true}, {"https://a", "http://a", false}, {"https://a", "https://a:8443", false},
		{"%", "https://a", false}, {"https://a", "%", false}, {"%", "%", false},
	} {
		if sameOrigin(c.a, c.b) != c.want {
			t.Errorf("%q and %q", c.a, c.b)
		}
	}
}

// TestClientKeyLastEdges: a JWK that says nothing of its use, the longest RSA key, and what can't be signed.
func TestClientKeyLastEdges(t *testing.T) {
	if _, err := ParseClientKey(token.NewSecret(jwkOf(t, testKeys().ec, object{"use": nil})), "", ""); err != nil {
		t.Error(err)
	}
	longest := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), maxRSA-1), E: 65537}, D: big.NewInt(3)}
	if problem := (&clientKey{private: longest}).settle("", ""); problem != "its parts don't belong together" {
		t.Errorf("got %q", problem)
	}
	k, err := ParseClientKey(token.NewSecret(pemOf(t, "PRIVATE KEY", testKeys().rsa)), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.sign("ES256", map[string]any{"a": 1}); !errors.Is(err, errSign) {
		t.Errorf("another key's algorithm: %v", err)
	}
	if _, err := k.sign("RS256", map[string]any{"a": make(chan int)}); !errors.Is(err, errSign) {
		t.Errorf("what is no JSON: %v", err)
	}
}

// TestDescribePlaces: the second place is asked where the first has nothing or is busy, and its error is the first one's.
func TestDescribePlaces(t *testing.T) {
	page := says(http.StatusOK, "text/html", "<html>")
	const openID, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	for name, c := range map[string]struct {
		first, second http.HandlerFunc
		want          string // "": found
		tried         int
	}{
		"busy, then found":    {says(http.StatusServiceUnavailable, "", ""), nil, "", 1},
		"a page, then found":  {page, nil, "", 1},
		"nothing, and a page": {http.NotFound, page, "no discovery document at " + openID, 2},
	} {
		var s *testServer
		second := c.second
		if second == nil {
			second = func(w http.ResponseWriter, r *http.Request) { saysJSON(t, document(s.URL, s.URL))(w, r) }
		}
		s = serve(t, map[string]http.HandlerFunc{openID: c.first, oauth: second})
		d, err := Describe(t.Context(), s.provider(Kind{}).HTTP, DiscoverRequest{Issuer: s.URL})
		problem := ""
		if e, ok := errors.AsType[*ResponseError](err); ok {
			problem = e.Problem
		}
		if problem != c.want || (err == nil) != (c.want == "") || len(d.Tried) != c.tried || (err == nil) != (d.Place == PlaceOAuth) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	gone := serve(t, nil)
	gone.Close()
	if d, err := Describe(t.Context(), gone.provider(Kind{}).HTTP, DiscoverRequest{Issuer: gone.URL}); !isError[*UnavailableError](err) || len(d.Tried) != 1 {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestMetadataOfSignedAnswers reads by what answers may be signed.
func TestMetadataOfSignedAnswers(t *testing.T) {
	text, err := json.Marshal(document("https://a.example", "https://a.example").with(object{
		"userinfo_signing_alg_values_supported": []string{"ES256"}, "introspection_signing_alg_values_supported": []string{"PS256"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	o, err := token.ParseObject(text)
	if err != nil {
		t.Fatal(err)
	}
	want := metadataOf("https://a.example", "https://a.example")
	want.UserinfoAlgs, want.IntrospectionAlgs = []string{"ES256"}, []string{"PS256"}
	if m, problem := readMetadata(o); problem != "" || !reflect.DeepEqual(m, want) {
		t.Errorf("got %+v, %q", m, problem)
	}
}

// TestFactOfABrokenAddress: what can't be read has no path.
func TestFactOfABrokenAddress(t *testing.T) {
	o, err := token.ParseObject([]byte(`{"issuer":"https://a.example/%zz"}`))
	if err != nil {
		t.Fatal(err)
	}
	if (Fact{Member: "issuer", Form: FactPath}).holds(o, true) {
		t.Error("it has a path")
	}
}

// TestKeysOfOneAlgorithm: a key that is for one algorithm is told by that one.
func TestKeysOfOneAlgorithm(t *testing.T) {
	text, err := json.Marshal(object{"keys": []any{
		jwk(t, testKeys().rsa.Public(), "k1", object{"alg": "RS384"}), jwk(t, testKeys().rsa.Public(), "k2", object{"alg": "ES256"}), object{"kty": "oct", "k": "eA"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := ParseJWKS(text) // with one that is ignored
	if err != nil || set.Len() != 2 {
		t.Fatalf("%d keys, %v", set.Len(), err)
	}
	var got []string
	keys, _ := set.Describe()
	for _, k := range keys {
		got = append(got, k.Unfit)
	}
	if want := []string{"", "the key is RSA of 2048 bits, which can't be ES256's"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestKindHas: a login that begins at the provider is the one way of its kinds, and of no other.
func TestKindHas(t *testing.T) {
	for _, k := range []Kind{{}, {BeginsThere: "/there"}} {
		for _, f := range Flows() {
			if got, want := k.Has(f), (k.BeginsThere != "") == (f.Flow == FlowPostedToken); got != want {
				t.Errorf("%q, %s: %t", k.BeginsThere, f.Flow, got)
			}
		}
	}
	if posted := (FlowInfo{Flow: FlowPostedToken}); (Kind{}).Has(posted) || !(Kind{BeginsThere: "/there"}).Has(posted) {
		t.Error("the two are mistaken for each other")
	}
}

// TestProvidersKeySet: what a provider has at its address is a set, where a user may give one key.
func TestProvidersKeySet(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/jwks": saysJSON(t, jwk(t, testKeys().rsa.Public(), "k1", nil))})
	_, err := s.provider(Kind{}).Keys(t.Context())
	if e, ok := errors.AsType[*ResponseError](err); !ok || e.Problem != "a key set without an array of keys" {
		t.Errorf("got %v", err)
	}
}

// TestLoadedKeysStayBehind: keys that came in another way while others were read are newer, and stay.
func TestLoadedKeysStayBehind(t *testing.T) {
	answer := make(chan struct{})
	s := serve(t, map[string]http.HandlerFunc{"/jwks": func(w http.ResponseWriter, r *http.Request) {
		<-answer
		saysJSON(t, object{"keys": []any{jwk(t, testKeys().rsa.Public(), "old", nil)}})(w, r)
	}})
	p := s.provider(Kind{})
	p.LoadKeys(t.Context())
	p.mu.Lock()
	loading := p.loading
	p.keys = &KeySet{}
	p.mu.Unlock()
	close(answer)
	<-loading
	if got := p.known(t.Context()); got.Len() != 0 {
		t.Errorf("%d keys", got.Len())
	}
}

// TestCertificateInPEM takes the key out of one.
func TestCertificateInPEM(t *testing.T) {
	c := issue(t, pkix.Name{CommonName: "c"}, nil, nil)
	k, err := ParsePEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw}))
	if err != nil || k.Len() != 1 || k.keys[0].kind != "EC on P-256" {
		t.Errorf("%+v, %v", k, err)
	}
}

// TestSecretIsForHMACAlone: a shared secret is no key of RS256, though its HMAC be right.
func TestSecretIsForHMACAlone(t *testing.T) {
	set, err := SharedSecret([]byte("a secret of the two"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte("a secret of the two"))
	mac.Write([]byte("input"))
	for alg, ok := range map[string]bool{"HS256": true, "RS256": false, "PS256": false, "ES256": false, "none": false, "": false, "HS257": false} {
		if err := set.Verify(alg, "", []byte("input"), mac.Sum(nil)); (err == nil) != ok {
			t.Errorf("%q: %v", alg, err)
		}
	}
}

// TestOwnQueryTwice: a parameter that the endpoint has already isn't sent twice.
func TestOwnQueryTwice(t *testing.T) {
	for _, values := range [][]string{{"x", "y"}, {"y"}, {}} {
		if got, err := addQuery("authorize", "https://a.example/?a=x", map[string][]string{"a": values}); !isError[*ResponseError](err) {
			t.Errorf("%q: %s, %v", values, got, err)
		}
	}
}

// TestFailedRowsAlone: the error names what failed, and not what wasn't checked beside it; a row without a reason has no comma.
func TestFailedRowsAlone(t *testing.T) {
	v := &Verification{Checks: []Check{
		{Name: "issuer", Outcome: Failed, Expected: "a", Got: "b"}, {Name: "nonce", Outcome: NotMade}, {Name: "key", Outcome: NotMade},
	}}
	if err := v.Err(); fmt.Sprint(err) != `the token doesn't hold: issuer: expected "a", got "b"` {
		t.Errorf("got %v", err)
	}
}

// TestSignedAnswerRows: each row of a signed answer cites the section that asks for it, and says what was expected.
func TestSignedAnswerRows(t *testing.T) {
	header := object{"alg": "RS256", "kid": "k1"}
	var s *testServer
	typ := "JWT"
	s = serve(t, map[string]http.HandlerFunc{
		"/jwks": saysJSON(t, object{"keys": []any{jwk(t, testKeys().rsa.Public(), "k1", nil)}}),
		"/introspect": func(w http.ResponseWriter, r *http.Request) {
			claims := object{"iss": s.URL + "/", "aud": "client-1", "iat": now.Unix(), "exp": now.Unix() + 60, "token_introspection": object{"active": true}}
			says(200, mediaIntrospection, sign(t, testKeys().rsa, header.with(object{"typ": typ}), claims).Reveal())(w, r)
		},
	})
	p := s.provider(mustKind(t, "oidc"))
	ask := func() (Introspection, error) {
		return p.Introspect(t.Context(), Client{ID: "client-1", Secret: token.NewSecret("pw")}, testToken, "")
	}
	_, err := ask()
	e, ok := errors.AsType[*SignedAnswerError](err)
	if !ok || len(e.Failed) != 1 || e.Failed[0].Expected != "token-introspection+jwt" {
		t.Errorf("got %+v", err)
	}
	typ = "token-introspection+jwt"
	i, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range i.Signed.Checks {
		if slices.Contains([]string{"issuer", "audience", "expiry", "issued at"}, row.Name) && row.Source != "RFC 9701 5" {
			t.Errorf("%+v", row)
		}
	}
	if got := (&answer{header: http.Header{"Content-Type": {"application/jwt; ="}}}).mediaType(); got != "" {
		t.Errorf("a broken type is %q", got)
	}
}

// TestPhantomElsewhere: the JWT behind a token is an answer of the kinds alone that give it; and what is no JWT is none.
func TestPhantomElsewhere(t *testing.T) {
	var s *testServer
	body := ""
	s = serve(t, map[string]http.HandlerFunc{
		"/jwks": saysJSON(t, object{"keys": []any{jwk(t, testKeys().rsa.Public(), "k1", nil)}}),
		"/introspect": func(w http.ResponseWriter, r *http.Request) {
			text := body
			if text == "" {
				claims := object{"iss": s.URL + "/", "aud": "api", "sub": "1", "iat": now.Unix(), "exp": now.Unix() + 60}
				text = sign(t, testKeys().rsa, object{"alg": "RS256", "kid": "k1"}, claims).Reveal()
			}
			says(200, mediaJWT, text)(w, r)
		},
	})
	c := Client{ID: "client-1", Secret: token.NewSecret("pw")}
	if i, err := s.provider(mustKind(t, "oidc")).Introspect(t.Context(), c, testToken, ""); err == nil || i.Active {
		t.Errorf("got %+v, %v", i, err)
	}
	body = "no JWT"
	if i, err := s.provider(mustKind(t, "curity")).Introspect(t.Context(), c, testToken, ""); !isError[*ResponseError](err) || i.Active {
		t.Errorf("got %+v, %v", i, err)
	}
}

// TestDatesOfAnswers: dates count where a kind has them, and a token may have every letter up to ~.
func TestDatesOfAnswers(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": saysJSON(t, object{
		"access_token": "a~", "token_type": "bearer", ".issued": now.Format(http.TimeFormat), ".expires": now.Add(time.Hour).Format(http.TimeFormat),
	})})
	p := s.provider(Kind{DatedTokens: true})
	got, err := p.Refresh(t.Context(), Client{ID: "c"}, token.NewSecret("r"))
	if err != nil || !got.Set.Expiry.Equal(now.Add(time.Hour)) || got.Set.Access.Reveal() != "a~" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestRescueOfObjectsAlone: in an array there is no member, whatever stands in it.
func TestRescueOfObjectsAlone(t *testing.T) {
	for body, want := range map[string]string{
		`["refresh_token","r"]`: "", `{"refresh_token":"r"`: "r", `{"refresh_token":"r","x`: "r", `{"refresh_token":`: "", `{"refresh_token":1`: "", ``: "", `"refresh_token"`: "",
		`{"refresh_token":"r","refresh_token":"s","x":{`: "s",
	} {
		if got := refreshTokenIn([]byte(body)).Reveal(); got != want {
			t.Errorf("%s: got %q", body, got)
		}
	}
}

// TestLastProblems tells an answer that is no object from one that lacks something, and takes the longest request_uri.
func TestLastProblems(t *testing.T) {
	for body, want := range map[string]string{
		"<html>": "a page of HTML or XML instead of a JSON object",
		`{"request_uri":"` + strings.Repeat("u", maxRequestURI) + `","expires_in":60}`:   "",
		`{"request_uri":"` + strings.Repeat("u", maxRequestURI+1) + `","expires_in":60}`: "an answer whose request_uri is missing or too long",
	} {
		s := serve(t, map[string]http.HandlerFunc{"/par": says(http.StatusOK, "", body), "/device": says(http.StatusOK, "", body)})
		p := s.provider(Kind{})
		p.Metadata.PushedEndpoint, p.Metadata.DeviceEndpoint = s.URL+"/par", s.URL+"/device"
		problem := func(err error) string {
			if e, ok := errors.AsType[*ResponseError](err); ok {
				return e.Problem
			}
			return ""
		}
		_, err := p.Push(t.Context(), Client{ID: "c"}, map[string][]string{})
		if got := problem(err); got != want || (err == nil) != (want == "") {
			t.Errorf("%.30s: got %v", body, err)
		}
		if _, err := p.AuthorizeDevice(t.Context(), Client{ID: "c"}, nil, nil); body == "<html>" && problem(err) != want {
			t.Errorf("%.30s: got %v", body, err)
		}
	}
	_, err := TokensFromBrowser(map[string][]string{"access_token": {strings.Repeat("a", 2<<20)}}, now)
	if e, ok := errors.AsType[*ResponseError](err); !ok || e.Problem != "an answer that can't be read" {
		t.Errorf("got %v", err)
	}
}

// TestRulesOnThisMachine: what stands in for a provider on this machine keeps every rule but those of the provider's own installations.
func TestRulesOnThisMachine(t *testing.T) {
	both := []string{"openid", "partnermanagementapplication", "simsmultiorgapplication"}
	for issuer, want := range map[string][]RuleName{
		"http://localhost:1/":  {RuleExclusiveScopes},
		"https://sts.example/": {RuleExclusiveScopes, RuleHTTPSRedirect},
	} {
		var got []RuleName
		for _, e := range mustKind(t, "simsid").Broken(Asked{Issuer: issuer, Scopes: both, RedirectURI: "http://localhost:2/"}) {
			got = append(got, e.Rule.Name)
		}
		slices.Sort(got)
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("%s: got %q", issuer, got)
		}
	}
}

// TestNobodyToAskTheTime: a host that can't be one isn't asked.
func TestNobodyToAskTheTime(t *testing.T) {
	if err := AskTime(t.Context(), HTTPOptions{Now: clock, Clock: &ServerClock{}}, "a b"); err == nil || isError[*UnavailableError](err) {
		t.Errorf("got %v", err)
	}
}

// TestMaskNamesJWTs: what looks like one is called one, and nothing else.
func TestMaskNamesJWTs(t *testing.T) {
	for value, want := range map[string]bool{"eyJ.eyJ.x": true, "eyJ.eyJ": false, "eyJhbGc": false, "a.b.c": false} {
		if got := strings.Contains(mask("access_token", value), "JWT"); got != want {
			t.Errorf("%s is %s", value, mask("access_token", value))
		}
	}
}
