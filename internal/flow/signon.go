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

// SignOn is one application's part in a sign-on: what it asks for, and what its ID token says.
type SignOn struct {
	ACR    string        // acr_values
	Prompt string        // prompt
	MaxAge time.Duration // negative: not asked
	Claims token.Object  // of the verified ID token; none: it got none
}

// Sharing is what became of the second application when it asked without a prompt.
type Sharing string

// The outcomes.
const (
	Shared    Sharing = "shared"
	NotShared Sharing = "not shared"
	// Interaction is a session that is there, and something else that the provider wants from the user first, such as a consent.
	Interaction Sharing = "interaction required"
)

// Holds says whether a condition holds.
type Holds string

// The states of a condition.
const (
	Yes     Holds = "yes"
	No      Holds = "no"
	Unknown Holds = "unknown"
)

// Condition is one of those that all have to hold for a sign-on to be shared.
type Condition struct {
	Name  string // "level", "session", "age", "prompt"
	Says  string // a clause: "the two allow a common level"
	Holds Holds
	Seen  string
}

// SharedSignOn is the conclusion.
type SharedSignOn struct {
	Outcome    Sharing
	Conditions []Condition
}

// CompareSignOns concludes from two applications' requests and ID tokens whether they share a sign-on. refusal is the provider's error to the
// second one's prompt=none, nil where it was answered with an ID token. Any other error than the four of OpenID Connect Core 3.1.2.6 says
// nothing of a sign-on, and ok is then false.
func CompareSignOns(kind provider.Kind, a, b SignOn, refusal *provider.OAuthError, now time.Time) (s SharedSignOn, ok bool) {
	code := ""
	if refusal != nil {
		code = refusal.Code
	}
	switch code {
	case "":
		if refusal != nil {
			return s, false
		}
	case "login_required", "account_selection_required", "interaction_required", "consent_required":
	default:
		return s, false
	}
	level, age, prompt := a.commonLevel(kind, b), a.fresh(b, now), b.unprompted()
	session := a.session(kind, b, code, []Condition{level, age, prompt})
	s.Conditions = []Condition{level, session, age, prompt}
	switch {
	case code == "login_required", code == "account_selection_required", prompt.Holds == No, session.Holds == No, age.Holds == No && b.answered():
		s.Outcome = NotShared
	case code != "", slices.Contains(strings.Fields(b.Prompt), "consent"):
		s.Outcome = Interaction
	default:
		s.Outcome = Shared
	}
	return s, true
}

// answered reports whether the application got an ID token.
func (s SignOn) answered() bool { return s.Claims.Len() > 0 }

// commonLevel holds the first one's acr against what the second takes; words with another meaning at this kind against their claim.
func (s SignOn) commonLevel(kind provider.Kind, b SignOn) Condition {
	c := Condition{Name: "level", Says: "both requests allow a common level (acr)", Holds: Yes}
	got := stringClaim(s.Claims, "acr")
	by := "the first ID token has no acr"
	if got != "" {
		by = "the first signed in by " + quoted(got)
	}
	var levels []string
	untold, passed := false, false
	for word := range strings.FieldsSeq(b.ACR) {
		i := slices.IndexFunc(kind.ACRPrefixes, func(p provider.ACRPrefix) bool { return strings.HasPrefix(word, p.Prefix) })
		if i < 0 {
			levels = append(levels, word)
			continue
		}
		p := kind.ACRPrefixes[i]
		last := s
		if b.answered() {
			last = b
		}
		switch is := stringClaim(last.Claims, p.Claim); {
		case p.Claim == "" || b.answered() && is == "":
			untold = true
		case strings.EqualFold(is, strings.TrimPrefix(word, p.Prefix)):
		case b.answered():
			passed = true
		default:
			c.Holds = No
			c.Seen = fmt.Sprintf("the second asks for %s; the first ID token has %s %s", quoted(word), p.Claim, quoted(is))
			return c
		}
	}
	switch {
	case b.ACR == "":
		c.Seen = by + "; the second takes any"
	case len(levels) == 0 && passed:
		c.Seen = "the second asked for " + quoted(b.ACR) + ", a wish that the provider let pass"
	case len(levels) == 0 && untold:
		c.Seen = "the second asks for " + quoted(b.ACR) + ", and no claim tells how the user signed in"
		if !b.answered() {
			c.Holds = Unknown
		}
	case len(levels) == 0:
		c.Seen = "the second asks for " + quoted(b.ACR) + ", and it is so"
	case slices.Contains(levels, got):
		c.Seen = by + ", which the second takes"
	case slices.Contains(levels, stringClaim(b.Claims, "acr")):
		c.Seen = "the second was answered by " + quoted(stringClaim(b.Claims, "acr"))
	case b.answered():
		c.Seen = by + "; the second asked for " + quoted(strings.Join(levels, " or ")) + ", a wish that the provider let pass"
	case got == "":
		c.Holds, c.Seen = Unknown, by+"; the second asks for "+quoted(strings.Join(levels, " or "))
	default:
		c.Holds, c.Seen = No, by+"; the second takes only "+quoted(strings.Join(levels, " or "))
	}
	return c
}

// session looks for signs that one session answered both. A refusal tells of it only where all the others are known to hold.
func (s SignOn) session(kind provider.Kind, b SignOn, code string, others []Condition) Condition {
	some := func(h Holds) bool { return slices.ContainsFunc(others, func(c Condition) bool { return c.Holds == h }) }
	c := Condition{Name: "session", Says: "the browser has a session at the provider", Holds: Yes}
	if !b.answered() {
		switch {
		case code == "interaction_required" || code == "consent_required":
			c.Seen = "the provider knows the user: it wants something else (" + code + ")"
		case some(No):
			c.Holds, c.Seen = Unknown, "another condition fails, so that nothing tells"
		case some(Unknown):
			c.Holds, c.Seen = Unknown, "another condition is unknown too, and either may be why the provider answered "+code
		default:
			c.Holds, c.Seen = No, "nothing else is against it, and the provider answered "+code
		}
		return c
	}
	sidA, sidB := stringClaim(s.Claims, "sid"), stringClaim(b.Claims, "sid")
	atA, thereA := s.Claims.Time("auth_time")
	atB, thereB := b.Claims.Time("auth_time")
	sameSub, tail := sameUser(kind, stringClaim(s.Claims, "sub"), stringClaim(b.Claims, "sub"))
	sameTime := thereA && atA.Equal(atB)
	switch {
	case sidA != "" && sidA == sidB:
		c.Seen = "both ID tokens are of one session (sid)"
	case sameTime && sameSub:
		c.Seen = "both ID tokens have the same user and the same auth_time"
	case sameTime:
		c.Seen = "both have the same auth_time; sub differs, as where each application has its own names for users"
	case thereA && thereB:
		c.Holds = No
		c.Seen = "the second was answered from another sign-in: auth_time is " + atB.UTC().Format(time.RFC3339) + ", not " + atA.UTC().Format(time.RFC3339)
	case sameSub:
		c.Seen = "the second was answered without a prompt, for the same user"
	default:
		c.Holds, c.Seen = No, "the second was answered for another user (sub), or the provider names users anew for each application"
	}
	c.Seen += tail
	return c
}

// sameUser compares two subjects, and says in words what there is to say of a part of them that doesn't count.
func sameUser(kind provider.Kind, a, b string) (same bool, words string) {
	if !kind.SubjectTail {
		return a == b, ""
	}
	same, changed := sims.SameSubject(a, b)
	if changed {
		words = "; sub differs in its fifth part alone, which may be another in each token of one user: hold the first four against each other"
	}
	return same, words
}

// fresh holds the session's age against the second one's max_age.
func (s SignOn) fresh(b SignOn, now time.Time) Condition {
	c := Condition{Name: "age", Says: "the session is fresh enough (max_age)", Holds: Yes}
	at, there := s.Claims.Time("auth_time")
	switch {
	case b.MaxAge < 0:
		c.Seen = "the second sets no max_age; a limit of the provider's own isn't seen from here"
	case b.answered():
		return b.answeredFresh(c, now)
	case !there:
		c.Holds, c.Seen = Unknown, "the first ID token has no auth_time; the second's max_age is "+b.MaxAge.String()
	default:
		age := max(now.Sub(at).Truncate(time.Second), 0)
		c.Seen = fmt.Sprintf("signed in %s ago; the second's max_age is %s", age, b.MaxAge)
		if age >= b.MaxAge {
			c.Holds = No
		}
	}
	return c
}

// answerTime is what may pass between the provider's look at a session and ours, and what clocks may differ.
const answerTime = time.Minute

// answeredFresh holds the second one's own ID token against its max_age, which a provider may ignore: an application has to refuse such a
// token (OpenID Connect Core 3.1.3.7 (13)).
func (s SignOn) answeredFresh(c Condition, now time.Time) Condition {
	at, there := s.Claims.Time("auth_time")
	age := max(now.Sub(at).Truncate(time.Second), 0)
	switch {
	case !there:
		c.Holds, c.Seen = No, "the second was answered without auth_time, which its max_age of "+s.MaxAge.String()+" makes required: an application has to refuse that"
	case age > s.MaxAge+answerTime:
		c.Holds = No
		c.Seen = fmt.Sprintf("the provider ignores max_age: the second was answered from a sign-in of %s ago, and its max_age is %s; an application has to refuse that", age, s.MaxAge)
	case age > s.MaxAge:
		c.Seen = fmt.Sprintf("the second was answered from a sign-in of %s ago: past its max_age of %s, but by no more than the %s allowed for the answer's way and for clocks", age, s.MaxAge, answerTime)
	default:
		c.Seen = "the second was answered within its max_age of " + s.MaxAge.String()
	}
	return c
}

// unprompted reports whether the second leaves the user alone.
func (s SignOn) unprompted() Condition {
	c := Condition{Name: "prompt", Says: "the second doesn't ask for a sign-in (prompt)", Holds: Yes, Seen: "it sends no prompt"}
	if s.Prompt != "" {
		c.Seen = "its prompt is " + quoted(s.Prompt)
	}
	words := strings.Fields(s.Prompt)
	if slices.Contains(words, "login") || slices.Contains(words, "select_account") {
		c.Holds = No
	}
	return c
}
