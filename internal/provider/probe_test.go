package provider

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/simsid/simsid/internal/token"
)

func mustFlow(t *testing.T, name Flow) FlowInfo {
	t.Helper()
	f, ok := LookupFlow(name)
	if !ok {
		t.Fatalf("no flow %s", name)
	}
	return f
}

// What the token endpoint answers says whether it has taken the client, and nothing else is believed.
func TestProbeClientVerdicts(t *testing.T) {
	for name, test := range map[string]struct {
		flow   Flow
		status int
		body   string
		want   Probed
	}{
		"a good secret":                       {FlowCode, 400, `{"error":"invalid_grant"}`, Probed{ClientTaken, "a made-up code", "invalid_grant", 400}},
		"a wrong secret, as IdentityServer3":  {FlowCode, 400, `{"error":"invalid_client"}`, Probed{ClientRefused, "a made-up code", "invalid_client", 400}},
		"a wrong secret, as RFC 6749":         {FlowCode, 401, `{"error":"invalid_client"}`, Probed{ClientRefused, "a made-up code", "invalid_client", 401}},
		"a wrong secret, without words":       {FlowCode, 401, ``, Probed{ClientRefused, "a made-up code", "", 401}},
		"another flow":                        {FlowHybrid, 400, `{"error":"unauthorized_client"}`, Probed{ClientOtherFlow, "a made-up code", "unauthorized_client", 400}},
		"a client that may not refresh":       {FlowClientCredentials, 400, `{"error":"unauthorized_client"}`, Probed{ClientTaken, "a made-up refresh token", "unauthorized_client", 400}},
		"client credentials":                  {FlowClientCredentials, 400, `{"error":"invalid_grant"}`, Probed{ClientTaken, "a made-up refresh token", "invalid_grant", 400}},
		"iMIS":                                {FlowPostedToken, 400, `{"error":"invalid_grant"}`, Probed{ClientTaken, "a made-up refresh token", "invalid_grant", 400}},
		"a device":                            {FlowDevice, 400, `{"error":"expired_token"}`, Probed{ClientTaken, "a made-up device code", "expired_token", 400}},
		"a device's client of another flow":   {FlowDevice, 400, `{"error":"unauthorized_client"}`, Probed{ClientOtherFlow, "a made-up device code", "unauthorized_client", 400}},
		"something else was looked at first":  {FlowCode, 400, `{"error":"invalid_request"}`, Probed{ClientUnclear, "a made-up code", "invalid_request", 400}},
		"an error that says what was sent":    {FlowCode, 400, `{"error":"secret s3cr3t-value is wrong"}`, Probed{ClientUnclear, "a made-up code", "", 400}},
		"tokens for what nobody had issued":   {FlowCode, 200, `{"access_token":"a","token_type":"Bearer"}`, Probed{ClientGranted, "a made-up code", "", 0}},
		"a client that is refused in a 403":   {FlowCode, 403, `{"error":"access_denied"}`, Probed{ClientUnclear, "a made-up code", "", 403}},
		"an error of another kind with a 401": {FlowCode, 401, `{"error":"go_away"}`, Probed{ClientRefused, "a made-up code", "", 401}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/token": says(test.status, "application/json", test.body)})
			p := s.provider(Kind{})
			p.Rand = rand.Reader
			got, err := p.ProbeClient(t.Context(), Client{ID: "c", Secret: token.NewSecret("s3cr3t-value"), Auth: AuthPost}, mustFlow(t, test.flow), "https://localhost:5454/")
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, test.want)
			}
		})
	}
}

// What is sent can't be anybody's, is another each time, and can't give a token: never the client's own grant.
func TestProbeClientSends(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": says(400, "application/json", `{"error":"invalid_grant"}`)})
	p := s.provider(Kind{})
	p.Rand = rand.Reader
	flows := []Flow{FlowCode, FlowCodeWithProofKey, FlowHybrid, FlowHybridWithProof, FlowClientCredentials, FlowDevice, FlowPostedToken}
	for _, f := range slices.Concat(flows, flows) {
		if _, err := p.ProbeClient(t.Context(), Client{ID: "c", Secret: token.NewSecret("secret"), Auth: AuthPost}, mustFlow(t, f), "https://localhost:5454/"); err != nil {
			t.Fatal(err)
		}
	}
	met := map[string]bool{}
	for _, r := range s.seen() {
		form, err := url.ParseQuery(r.Form)
		if err != nil {
			t.Fatal(err)
		}
		madeUp := form.Get("code") + form.Get("refresh_token") + form.Get("device_code")
		switch {
		case r.Method != http.MethodPost || r.Path != "/token":
			t.Errorf("asked for %s %s", r.Method, r.Path)
		case form.Get("grant_type") == "client_credentials" || form.Get("grant_type") == "password":
			t.Errorf("asked for a token in earnest: %s", r.Form)
		case !strings.HasPrefix(madeUp, "simsid-made-this-up-") || len(madeUp) != len("simsid-made-this-up-")+32:
			t.Errorf("sent %q", madeUp)
		case met[madeUp]:
			t.Errorf("sent %q twice", madeUp)
		case form.Get("grant_type") == "authorization_code" && (form.Get("redirect_uri") == "" || len(form.Get("code_verifier")) != 43):
			t.Errorf("a code goes out as %s", r.Form)
		}
		met[madeUp] = true
	}
	if len(met) != 2*len(flows) {
		t.Errorf("%d requests", len(met))
	}
}

// IdentityServer3 takes a verifier only from clients whose flow is named for it.
func TestProbeClientVerifier(t *testing.T) {
	for flow, want := range map[Flow]bool{FlowCode: false, FlowCodeWithProofKey: true} {
		s := serve(t, map[string]http.HandlerFunc{"/token": says(400, "application/json", `{"error":"invalid_grant"}`)})
		p := s.provider(Kind{VerifierByFlow: true})
		p.Rand = rand.Reader
		if _, err := p.ProbeClient(t.Context(), Client{ID: "c"}, mustFlow(t, flow), "https://localhost:5454/"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(s.seen()[0].Form, "code_verifier="); got != want {
			t.Errorf("%s: verifier sent: %t", flow, got)
		}
	}
}

// Without an answer there is no verdict; without randomness nothing is sent.
func TestProbeClientErrors(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/token": says(503, "", "")})
	p := s.provider(Kind{})
	p.Rand = rand.Reader
	got, err := p.ProbeClient(t.Context(), Client{ID: "c"}, mustFlow(t, FlowCode), "https://localhost:5454/")
	if _, ok := errors.AsType[*UnavailableError](err); !ok || got.Verdict != "" {
		t.Errorf("unavailable: %+v, %v", got, err)
	}
	errRandom := errors.New("no entropy")
	p.Rand = iotest.ErrReader(errRandom)
	if _, err := p.ProbeClient(t.Context(), Client{ID: "c"}, mustFlow(t, FlowCode), ""); !errors.Is(err, errRandom) {
		t.Errorf("without random bytes: %v", err)
	}
	p.Rand = bytes.NewReader(make([]byte, 47))
	if _, err := p.ProbeClient(t.Context(), Client{ID: "c"}, mustFlow(t, FlowCode), ""); err == nil {
		t.Error("too few random bytes do")
	}
	if n := len(s.seen()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestCanProbe(t *testing.T) {
	for _, f := range Flows() {
		if got, want := f.CanProbe(), f.Flow != FlowImplicit; got != want {
			t.Errorf("%s: %t", f.Flow, got)
		}
	}
}

// Every rule that is broken is told, and not the first alone.
func TestBroken(t *testing.T) {
	var got []RuleName
	for _, e := range mustKind(t, "simsid").Broken(Asked{
		Environment: "live", Issuer: "https://sts.sims.co.uk/", RedirectURI: "http://localhost:5454/", IDToken: true, NoSecret: true,
		Scopes: []string{"partnermanagementapplication", "simsmultiorgapplication"},
	}) {
		got = append(got, e.Rule.Name)
	}
	want := []RuleName{RuleNoLocalhost, RuleHTTPSRedirect, RuleExclusiveScopes, RuleOpenID, RuleClientSecret}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
