package provider

import (
	"errors"
	"slices"
	"testing"
)

// TestRules breaks each rule at each kind; without the rule's row in the table, or its look, a row here fails.
func TestRules(t *testing.T) {
	base := Asked{Environment: "sandbox", Issuer: "https://sts.example/", Scopes: []string{"openid"}, RedirectURI: "https://localhost:5454/", IDToken: true}
	with := func(change func(*Asked)) Asked {
		a := base
		change(&a)
		return a
	}
	for _, c := range []struct {
		name                   string
		asked                  Asked
		simsid, oidc, emulator string // what is said to break a rule, "" where none is broken
	}{
		{"as it should be", base, "", "", ""},
		{"one of the exclusive scopes", with(func(a *Asked) { a.Scopes = []string{"openid", "simsmultiorgapplication"} }), "", "", ""},
		{"both", with(func(a *Asked) {
			a.Scopes = []string{"openid", "simsmultiorgapplication", "partnermanagementapplication"}
		}),
			"the scopes partnermanagementapplication and simsmultiorgapplication", "", "the scopes partnermanagementapplication and simsmultiorgapplication"},
		{"plain http", with(func(a *Asked) { a.RedirectURI = "http://localhost:5454/" }), "redirect URI http://localhost:5454/", "", ""},
		{"plain http at a stand-in", with(func(a *Asked) { a.RedirectURI, a.Issuer = "http://localhost:5454/", "http://127.0.0.1:8000/" }), "", "", ""},
		{"a private scheme", with(func(a *Asked) { a.RedirectURI = "com.example.app:/cb" }), "redirect URI com.example.app:/cb", "", ""},
		{"localhost on live", with(func(a *Asked) { a.Environment = "live" }), "redirect URI https://localhost:5454/", "", ""},
		{"127.0.0.2 on live", with(func(a *Asked) { a.Environment, a.RedirectURI = "live", "https://127.0.0.2/" }), "redirect URI https://127.0.0.2/", "", ""},
		{"::1 on live", with(func(a *Asked) { a.Environment, a.RedirectURI = "live", "https://[::1]:5454/" }), "redirect URI https://[::1]:5454/", "", ""},
		{"another host on live", with(func(a *Asked) { a.Environment, a.RedirectURI = "live", "https://app.example/cb" }), "", "", ""},
		{"no redirect", with(func(a *Asked) { a.Environment, a.RedirectURI = "live", "" }), "", "", ""},
		{"no secret", with(func(a *Asked) { a.NoSecret = true }), "a client without a secret", "", "a client without a secret"},
		{"no openid", with(func(a *Asked) { a.Scopes = []string{"profile"} }), "a sign-in without the scope openid", "a sign-in without the scope openid", "a sign-in without the scope openid"},
		{"no openid, and nobody asks who", with(func(a *Asked) { a.Scopes, a.IDToken = []string{"partner-read"}, false }), "", "", ""},
	} {
		for kind, want := range map[string]string{"simsid": c.simsid, "oidc": c.oidc, "emulator": c.emulator} {
			t.Run(c.name+", "+kind, func(t *testing.T) {
				err := mustKind(t, kind).Check(c.asked)
				e, broken := errors.AsType[*RuleError](err)
				switch {
				case want == "" && err != nil, broken != (want != ""):
					t.Errorf("expected %q, got %v", want, err)
				case broken && (e.Got != want || e.Rule.Says == "" || e.Rule.Source == "" || e.Rule.WayOut == ""):
					t.Errorf("expected %q, got %+v", want, e)
				}
			})
		}
	}
}

func TestRuleError(t *testing.T) {
	err := &RuleError{Rule: Rule{Says: "it can't be", Source: "RFC 1 section 2"}, Got: "redirect URI a\x1bb"}
	if want := `redirect URI a\x1bb: it can't be (RFC 1 section 2)`; err.Error() != want {
		t.Errorf("expected %q, got %q", want, err)
	}
}

func TestRuleNamesAreOnce(t *testing.T) {
	for _, k := range Kinds() {
		var names []RuleName
		for _, r := range k.Rules {
			if slices.Contains(names, r.Name) {
				t.Errorf("%s: %s is there twice", k.Name, r.Name)
			}
			names = append(names, r.Name)
		}
		if _, ok := k.Rule(RuleOpenID); !ok && k.BeginsThere == "" { // where there is nothing to ask for, there are no scopes
			t.Errorf("%s takes a sign-in without openid", k.Name)
		}
	}
}
