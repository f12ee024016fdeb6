package flow

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/word"
)

// check refuses a request that would be no sign-in, or one whose safeguards its further parameters would replace.
func (r LoginRequest) check() error {
	if err := r.checkType(); err != nil {
		return err
	}
	w := wishes{kind: r.Provider.Kind, params: r.Params, maxAge: r.MaxAge, force: r.Force}
	return w.check(r.params(oneTime{}, r.RedirectURI))
}

// wishes are what a user may ask of a sign-in, by whatever flow.
type wishes struct {
	kind   provider.Kind
	params url.Values
	maxAge time.Duration // negative: not sent
	force  bool
}

// check holds the wishes, and what will be sent with them, against the standards and the kind.
func (r wishes) check(sent url.Values) error {
	reserved := []string{
		"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
		"max_age", "client_secret", "code_verifier", "client_assertion", "client_assertion_type", "grant_type", "device_code",
		"response_mode",
		"request", "request_uri", // a request object stands above all others (OpenID Connect Core 6.1)
	}
	if r.maxAge == 0 && r.kind.MaxAgeZeroLoops && !r.force {
		return breaks("max_age", "can't be 0: "+r.kind.Title+" then asks for ever; prompt=login asks once")
	}
	for name, values := range r.params {
		if slices.Contains(reserved, name) {
			return &ParamError{Name: name, Problem: "is set by the sign-in itself"}
		}
		if len(values) != 1 { // RFC 6749 section 3.1
			return &ParamError{Name: name, Problem: "must have one value"}
		}
	}
	if err := r.checkPrompt(); err != nil {
		return err
	}
	return r.checkLimits(sent)
}

// checkPrompt refuses what isn't known (OpenID Connect Core 3.1.2.1), and what this kind of provider breaks on.
func (r wishes) checkPrompt() error {
	refuse := func(problem string) error { return &ParamError{Name: "prompt", Problem: problem} }
	if !r.params.Has("prompt") || r.force {
		return nil
	}
	prompts, kind := strings.Fields(r.params.Get("prompt")), r.kind
	for _, p := range prompts {
		switch {
		case !slices.Contains([]string{"none", "login", "consent", "select_account"}, p):
			return refuse("can't be " + word.Quote(p, "none", "login", "consent", "select_account") + ": it is none, login, consent or select_account")
		case slices.Contains(kind.BrokenPrompts, p):
			return breaks("prompt", fmt.Sprintf("can't be %q: it ends on an error page of %s; login asks for the password again", p, kind.Title))
		case p == "none" && len(prompts) > 1:
			return refuse("can't have none beside others")
		}
	}
	switch {
	case len(prompts) == 0:
		return refuse("is empty")
	case len(prompts) > 1 && kind.OnePrompt:
		return breaks("prompt", "must be one word: "+kind.Title+" ignores a list")
	}
	return nil
}

// checkLimits holds what will be sent against the kind's limits: the provider would show an error page, and nothing would come back.
func (r wishes) checkLimits(sent url.Values) error {
	if r.force {
		return nil
	}
	for _, l := range r.kind.Limits {
		if n := len(utf16.Encode([]rune(sent.Get(l.Param)))); n > l.Max {
			return breaks(l.Param, fmt.Sprintf("is %d characters long, and %s takes at most %d", n, r.kind.Title, l.Max))
		}
	}
	return nil
}

// breaks says that a parameter breaks a rule of the kind, which Force leaves to the provider.
func breaks(name, problem string) error {
	return &ParamError{Name: name, Problem: problem, Rule: true}
}

// AuthorizationAddress is the address of a login that nobody waits for: it is checked like one, and its answer can't be redeemed.
// A pushed request is handed over to the provider, as it would be for a login.
func AuthorizationAddress(ctx context.Context, r LoginRequest) (Address, error) {
	if _, err := parseRedirect(r.RedirectURI, r.Listen); err != nil {
		return Address{}, err
	}
	if err := r.check(); err != nil {
		return Address{}, err
	}
	o, err := newOneTime(r.Rand)
	if err != nil {
		return Address{}, err
	}
	return r.address(ctx, o, r.RedirectURI)
}

// maxAge writes a duration as max_age has it: in seconds.
func maxAge(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// isLogin reports whether scopes ask for somebody to be told of (OpenID Connect Core 3.1.2.1).
func isLogin(scopes []string) bool { return slices.Contains(scopes, "openid") }

// address is where the browser is to go.
func (r LoginRequest) address(ctx context.Context, o oneTime, redirectURI string) (Address, error) {
	params := r.params(o, redirectURI)
	if !r.Push {
		address, err := r.Provider.AuthorizationURL(params)
		return Address{URL: address}, err
	}
	pushed, err := r.Provider.Push(ctx, r.Client, params)
	if err != nil {
		return Address{}, err
	}
	address, err := r.Provider.PushedURL(r.Client.ID, pushed)
	return Address{URL: address, Expires: pushed.Expires}, err
}

// params are the parameters of the authorisation request (RFC 6749 section 4.1.1, OpenID Connect Core 3.1.2.1, RFC 7636
// section 4.3).
func (r LoginRequest) params(o oneTime, redirectURI string) url.Values {
	v := url.Values{
		"response_type": {r.responseType()},
		"client_id":     {r.Client.ID},
		"redirect_uri":  {redirectURI},
		"scope":         {strings.Join(r.Scopes, " ")},
		"state":         {o.state.Reveal()},
		"nonce":         {o.nonce.Reveal()},
	}
	if r.proves() {
		v.Set("code_challenge", o.challenge())
		v.Set("code_challenge_method", "S256")
	}
	if r.ResponseMode != "" {
		v.Set("response_mode", r.ResponseMode)
	}
	if r.MaxAge >= 0 {
		v.Set("max_age", maxAge(r.MaxAge))
	}
	maps.Copy(v, r.Params)
	return v
}
