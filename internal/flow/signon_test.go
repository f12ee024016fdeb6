package flow

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// update rewrites the golden file: go test ./internal/flow -run SignOns -update, then read the difference.
var update = flag.Bool("update", false, "rewrite the golden files")

// signOnCase is one pair of requests with what became of them.
type signOnCase struct {
	name    string
	a, b    string // the claims of the ID tokens, "" for none
	acr     string
	prompt  string
	maxAge  time.Duration
	refusal string // "-" for none, "" for one without a code
}

func signOnCases() []signOnCase {
	const first = `{"sub":"u","auth_time":1772442000,"acr":"gold","idp":"Corp","sid":"s1"}`
	const second = `{"sub":"u","auth_time":1772442000,"acr":"gold","sid":"s1"}`
	answered := func(name, b string) signOnCase {
		return signOnCase{name: name, a: first, b: b, maxAge: -1, refusal: "-"}
	}
	refused := func(name, code string) signOnCase { return signOnCase{name: name, a: first, maxAge: -1, refusal: code} }
	asks := func(c signOnCase, acr, prompt string, maxAge time.Duration) signOnCase {
		c.acr, c.prompt, c.maxAge = acr, prompt, maxAge
		c.name = strings.TrimSpace(fmt.Sprintf("%s, asked acr %q prompt %q max_age %s", c.name, acr, prompt, maxAge))
		return c
	}
	one, no := answered("answered", second), refused("login_required", "login_required")
	without := func(c signOnCase, claims string) signOnCase {
		c.name, c.a = c.name+" after "+claims, claims
		return c
	}
	return []signOnCase{
		one, no, refused("account_selection_required", "account_selection_required"), refused("interaction_required", "interaction_required"),
		refused("consent_required", "consent_required"), refused("another error", "server_error"), refused("an error without a code", ""),
		answered("another session, the same time", `{"sub":"u","auth_time":1772442000,"sid":"s2"}`),
		answered("another name of the user, the same time", `{"sub":"v","auth_time":1772442000}`),
		answered("another time", `{"sub":"u","auth_time":1772442060}`), answered("no time", `{"sub":"u"}`), answered("no time, another user", `{"sub":"v"}`),
		without(answered("no time in either", `{"sub":"u","auth_time":1772442000}`), `{"sub":"u"}`),
		without(answered("no sid in either", `{"sub":"v"}`), `{"sub":"u"}`),
		asks(one, "silver", "", -1), asks(one, "gold", "", -1), asks(one, "silver gold", "", -1), asks(one, "idp:Other", "", -1), asks(one, "tenant:t", "", -1),
		asks(answered("answered by another idp", `{"sub":"u","auth_time":1772442000,"idp":"corp"}`), "idp:Other", "", -1),
		asks(answered("answered by the idp", `{"sub":"u","auth_time":1772442000,"idp":"corp"}`), "idp:Corp", "", -1),
		asks(answered("answered by silver", `{"sub":"u","auth_time":1772442000,"acr":"silver"}`), "silver", "", -1),
		asks(no, "silver", "", -1), asks(no, "gold", "", -1), asks(no, "silver bronze", "", -1), asks(no, "idp:corp", "", -1), asks(no, "idp:Other", "", -1),
		asks(no, "idp:corp silver", "", -1), asks(no, "tenant:t", "", -1),
		asks(without(no, `{"sub":"u"}`), "silver", "", -1), asks(without(no, `{"sub":"u"}`), "", "", time.Minute), asks(without(no, `{"sub":"u"}`), "idp:corp", "", -1),
		asks(no, "", "", 0), asks(no, "", "", 90*time.Second), asks(no, "", "", 91*time.Second), asks(no, "", "", time.Hour), asks(one, "", "", time.Second),
		asks(one, "", "", 0), asks(one, "", "", 29*time.Second), asks(one, "", "", 30*time.Second), asks(one, "", "", 90*time.Second), asks(one, "", "", 91*time.Second),
		asks(answered("no time", `{"sub":"u"}`), "", "", time.Hour),
		without(answered("the fifth part of sub, no sid", `{"sub":"1|g|l|p|y","auth_time":1772442000}`), `{"sub":"1|g|l|p|x","auth_time":1772442000}`),
		without(answered("the fifth part of sub, one sid", `{"sub":"1|g|l|p|y","sid":"s1"}`), `{"sub":"1|g|l|p|x","sid":"s1"}`),
		without(answered("the fifth part of sub, no time", `{"sub":"1|g|l|p|y"}`), `{"sub":"1|g|l|p|x"}`),
		without(answered("another fourth part of sub", `{"sub":"1|g|l|q|y"}`), `{"sub":"1|g|l|p|x"}`),
		asks(no, "", "login", -1), asks(no, "", "select_account", -1), asks(no, "", "login consent", -1), asks(no, "", "consent", -1), asks(one, "", "consent", -1),
		asks(one, "", "none", -1), asks(one, "", "login", -1), asks(refused("consent_required", "consent_required"), "", "login", -1),
		asks(refused("interaction_required", "interaction_required"), "silver", "", -1),
		asks(refused("account_selection_required", "account_selection_required"), "silver", "", -1),
		asks(refused("interaction_required", "interaction_required"), "", "", time.Second),
		asks(answered("answered by another idp", `{"sub":"u","auth_time":1772442000,"acr":"gold","idp":"corp"}`), "idp:Other gold", "", -1),
		asks(answered("answered by another idp and level", `{"sub":"u","auth_time":1772442000,"acr":"lead","idp":"corp"}`), "idp:Other silver", "", -1),
		asks(one, "tenant:t gold", "", -1), asks(no, "tenant:t gold", "", -1), asks(no, "tenant:t silver", "", -1), asks(one, "silver bronze", "", -1),
	}
}

// TestSignOns compares whole conclusions with what was read and found right.
func TestSignOns(t *testing.T) {
	kind, ok := provider.LookupKind("simsid")
	if !ok {
		t.Fatal("no kind simsid")
	}
	claims := func(text string) token.Object {
		if text == "" {
			return token.Object{}
		}
		o, err := token.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	var b strings.Builder
	for _, c := range signOnCases() {
		var refusal *provider.OAuthError
		if c.refusal != "-" {
			refusal = &provider.OAuthError{Code: c.refusal}
		}
		first, second := SignOn{MaxAge: -1, Claims: claims(c.a)}, SignOn{ACR: c.acr, Prompt: c.prompt, MaxAge: c.maxAge, Claims: claims(c.b)}
		s, ok := CompareSignOns(kind, first, second, refusal, time.Unix(1772442090, 0).UTC())
		fmt.Fprintf(&b, "%s: %t %s\n", c.name, ok, s.Outcome)
		for _, cond := range s.Conditions {
			fmt.Fprintf(&b, "  %s (%s): %s, %s\n", cond.Name, cond.Says, cond.Holds, cond.Seen)
		}
	}
	path := filepath.Join("testdata", "signons.txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nexpected\n%s", b.String(), want)
	}
}

// TestSameUser: the fifth part doesn't count at the kinds alone that change it.
func TestSameUser(t *testing.T) {
	for _, c := range []struct {
		a, b        string
		plain, tail bool
	}{
		{"u", "u", true, true}, {"u", "v", false, false}, {"1|g|l|p|x", "1|g|l|p|x", true, true}, {"1|g|l|p|x", "1|g|l|p|y", false, true}, {"1|g|l|p|x", "1|g|l|q|x", false, false},
	} {
		plain, words := sameUser(provider.Kind{}, c.a, c.b)
		tail, more := sameUser(provider.Kind{SubjectTail: true}, c.a, c.b)
		if plain != c.plain || tail != c.tail || words != "" || (more != "") != (tail && !plain) {
			t.Errorf("%q and %q: %t %q, %t %q", c.a, c.b, plain, words, tail, more)
		}
	}
}
