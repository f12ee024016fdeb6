package flow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// sessionSlack is how far the provider's clock may be behind before a sign-in counts as an earlier one.
const sessionSlack = time.Minute

// asked is what a login asked for and the standards let a provider ignore. What they don't, the verification of the ID token holds:
// max_age among it.
type asked struct {
	kind        provider.Kind
	acr, prompt string // acr_values and prompt, "" where they weren't sent
	started     time.Time
}

// HintError says that a login which id_token_hint named a user for was answered for another. Both are foreign text.
type HintError struct{ Expected, Got string }

func (e *HintError) Error() string {
	return fmt.Sprintf("sign in: the answer is another user's than id_token_hint names: expected %s, got %s", quoted(e.Expected), quoted(e.Got))
}

// heldToHint holds an ID token against the one that was sent as id_token_hint: a provider must not answer for somebody else (OpenID Connect Core
// 3.1.2.1). A hint that can't be read, an encrypted one, tells nothing here.
func heldToHint(kind provider.Kind, hint string, v *provider.Verification) error {
	sent, err := token.ParseJWT(hint)
	if err != nil {
		return nil //nolint:nilerr // it was sent as it was given
	}
	expected, got := stringClaim(sent.Claims.Object, "sub"), stringClaim(v.Claims.Object, "sub")
	same := expected == got
	if kind.SubjectTail {
		same, _ = sims.SameSubject(expected, got)
	}
	if !same {
		return &HintError{Expected: expected, Got: got}
	}
	return nil
}

// compare holds the ID token against it; without one there is nothing to compare.
func (a asked) compare(v *provider.Verification) []sims.Finding {
	if v == nil {
		return nil
	}
	claims := v.Claims.Object
	return slices.Concat(a.compareACR(claims), a.comparePrompt(claims))
}

// compareACR looks for the levels, of which one is enough, and for the words that mean something of their own at this kind.
func (a asked) compareACR(claims token.Object) []sims.Finding {
	var levels []string
	var found []sims.Finding
	for word := range strings.FieldsSeq(a.acr) {
		i := slices.IndexFunc(a.kind.ACRPrefixes, func(p provider.ACRPrefix) bool { return strings.HasPrefix(word, p.Prefix) })
		if i < 0 {
			levels = append(levels, word)
			continue
		}
		p := a.kind.ACRPrefixes[i]
		if p.Claim == "" {
			continue
		}
		if wanted := strings.TrimPrefix(word, p.Prefix); !strings.EqualFold(wanted, stringClaim(claims, p.Claim)) {
			found = append(found, otherThanAsked("asked-idp", "acr_values asked for "+quoted(word), claims, p.Claim))
		}
	}
	if len(levels) > 0 && !slices.Contains(levels, stringClaim(claims, "acr")) {
		found = append(found, otherThanAsked("asked-acr", "acr_values asked for "+quoted(strings.Join(levels, " or ")), claims, "acr"))
	}
	return found
}

func otherThanAsked(id, wanted string, claims token.Object, claim string) sims.Finding {
	got := "the ID token has no " + claim
	if v := stringClaim(claims, claim); v != "" {
		got = claim + " is " + quoted(v)
	}
	return sims.Finding{
		ID: id, Severity: sims.Warning, Seen: wanted + ", and " + got,
		Why:    "acr_values is a wish: a provider may sign somebody in otherwise, and whoever relies on the way has to look",
		Do:     "don't rely on this login where the way counts; ask the provider's operator which ways the client may ask for",
		Source: "OpenID Connect Core 3.1.2.1, 3.1.3.7 (12)",
	}
}

// comparePrompt looks whether prompt=login had somebody sign in anew: nothing but auth_time tells.
func (a asked) comparePrompt(claims token.Object) []sims.Finding {
	if !slices.Contains(strings.Fields(a.prompt), "login") {
		return nil
	}
	got := "the ID token doesn't say when (auth_time)"
	if at, ok := claims.Time("auth_time"); ok {
		if !at.Before(a.started.Add(-sessionSlack)) {
			return nil
		}
		got = "auth_time is " + at.UTC().Format(time.RFC3339) + ", before this login began"
	}
	return []sims.Finding{{
		ID: "asked-login", Severity: sims.Warning, Seen: "prompt asked for a new sign-in, and " + got,
		Why:    "the browser's earlier session may have answered: nobody has proved anew who they are",
		Do:     "send max_age as well: an ID token that is too old for it is refused",
		Source: "OpenID Connect Core 3.1.2.1",
	}}
}

func stringClaim(claims token.Object, name string) string {
	v, _ := claims.String(name)
	return v
}

// quoted shows foreign text, escaped and not too long.
func quoted(s string) string {
	const longest = 100
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}
