package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// loginKeys are the keys that login takes as flags.
func loginKeys() []string {
	return []string{
		"kind", "environment", "issuer", "client_id", "client_auth", "client_key", "client_key_id", "client_key_alg", "assertion_audience", "flow", "scopes", "redirect_uri", "listen", "tls_cert", "tls_key", "ca_file",
		"response_type", "response_mode", "par", "prompt", "login_hint", "ui_locales", "max_age", "acr_values", "id_hint", "params", "store",
	}
}

func flowNames() []string {
	var names []string
	for _, f := range provider.Flows() {
		names = append(names, string(f.Flow))
	}
	return names
}

// checkFlow refuses a login that can't be by the profile's flow, before anything has happened.
func (s *session) checkFlow(o *loginOptions) error {
	p := s.profile
	info, ok := provider.LookupFlow(provider.Flow(p.Flow))
	if !ok {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s: there is no flow %s", p.Name, word.Quote(p.Flow, flowNames()...)), Hints: []string{"known flows: " + strings.Join(flowNames(), ", ")}}
	}
	s.flow = info
	if !s.kind.Has(info) {
		return s.wrongFlow(info)
	}
	if o.expectUser != "" && info.Flow != provider.FlowPostedToken {
		return &usageError{Problem: "--expect-user is for providers that begin the login themselves; elsewhere state and ID token say whose it is", Command: "simsid login"}
	}
	if info.Flow == provider.FlowPostedToken {
		if err := s.checkUnasked(o); err != nil {
			return err
		}
	}
	if err := s.checkOrganisation(o); err != nil || o.withRefreshToken {
		return err
	}
	if info.Flow == provider.FlowClientCredentials {
		if err := s.checkClientAsks(o); err != nil {
			return err
		}
		return s.checkClientScopes()
	}
	if info.Flow == provider.FlowPostedToken && !o.printURL {
		return s.checkPosted(o)
	}
	if len(info.ResponseTypes) == 0 {
		return nil
	}
	if _, ok := info.ResponseType(p.ResponseType); !ok {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("flow %s can't ask for response_type %s", info.Flow, word.Quote(p.ResponseType, "code", "code id_token", "code token", "code id_token token", "id_token", "token", "id_token token")),
			Hints: []string{"it can ask for: " + strings.Join(info.ResponseTypes, ", or ")}}
	}
	if p.RedirectURI == "" {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s has no redirect URI", p.Name),
			Hints: []string{"set the one that is registered with the provider: " + s.set("redirect_uri", "https://localhost:5454/")}}
	}
	place, err := checkReach(p)
	if err != nil || o.printURL {
		return err
	}
	return s.checkPaste(o, place)
}

// checkOrganisation lets --org stand where it means something.
func (s *session) checkOrganisation(o *loginOptions) error {
	switch {
	case o.org == "":
		return nil
	case s.flow.Flow != provider.FlowClientCredentials || s.kind.SelectOrganisation == "":
		return &usageError{Problem: "--org chooses the organisation of a client's own token: it goes with --flow ClientCredentials and a provider that knows organisations", Command: "simsid login"}
	case strings.ContainsFunc(o.org, func(r rune) bool { return r <= ' ' || r > '~' }):
		return &usageError{Problem: "--org is an organisation's id, without spaces", Command: "simsid login"}
	}
	return nil
}

// checkClientScopes refuses scopes that are about a user, where there is none.
func (s *session) checkClientScopes() error {
	for _, scope := range []string{"openid", "offline_access"} {
		if slices.Contains(s.profile.Scopes, scope) {
			return &hintedError{Code: exitUsage, Text: fmt.Sprintf("scope %s is about a user, and in flow %s there is none", scope, s.flow.Flow),
				Hints: []string{"name the scopes that the client is registered for: --scope partner-read, or " + setLine(s.profile.Name, "scopes", "partner-read")}}
		}
	}
	return nil
}

// browserRequest is what the authorisation endpoint is asked for.
func (s *session) browserRequest(ctx context.Context, o *loginOptions) (flow.LoginRequest, error) {
	prof, err := s.provider(ctx)
	if err != nil {
		return flow.LoginRequest{}, err
	}
	if err := s.checkIDTokens(prof.Metadata); err != nil {
		return flow.LoginRequest{}, err
	}
	p := s.profile
	responseType, _ := s.flow.ResponseType(p.ResponseType)
	r := flow.LoginRequest{
		Provider: prof, Client: provider.Client{ID: p.ClientID}, RedirectURI: p.RedirectURI, Listen: p.Listen, Scopes: p.Scopes,
		ResponseType: responseType, ResponseMode: p.ResponseMode, WithoutProofKey: !s.kind.ProofKey(s.flow), MaxAge: -1,
		Force: s.forced, Rand: s.env.Rand, Clock: clock{s.env},
	}
	if r.Params, err = s.asked(ctx, o); err != nil {
		return r, err
	}
	if r.MaxAge, err = s.maxAge(); err != nil {
		return r, err
	}
	s.rememberAsked(r.Params, r.MaxAge)
	if err := s.checkMixUp(r); err != nil {
		return r, err
	}
	if s.flow.Flow == provider.FlowImplicit {
		s.line("warning", "flow Implicit is outdated: the tokens come through the browser's address, where its history and extensions can read them, "+
			"and there is no refresh token; use AuthorizationCodeWithProofKey unless the client is registered for nothing else")
	}
	return r, nil
}

// maxAge is how old the browser's session may be; negative: that isn't asked.
func (s *session) maxAge() (time.Duration, error) {
	if s.profile.MaxAge == "" {
		return -1, nil
	}
	return config.Seconds(s.profile.MaxAge)
}

// asked are the further parameters of the authorisation request.
func (s *session) asked(ctx context.Context, o *loginOptions) (url.Values, error) {
	p := s.profile
	v := url.Values{}
	for _, param := range p.Params {
		name, value, _ := strings.Cut(param, "=")
		v.Add(name, value)
	}
	acr := slices.Clone(p.ACRValues)
	for _, f := range []struct{ flag, prefix, value string }{{"--idp", "idp:", o.idp}, {"--tenant", "tenant:", o.tenant}} {
		if f.value == "" {
			continue
		}
		if strings.ContainsFunc(f.value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, &usageError{Problem: f.flag + " is a name of printable ASCII characters without spaces", Command: "simsid login"}
		}
		acr = slices.DeleteFunc(acr, func(a string) bool { return strings.HasPrefix(a, f.prefix) })
		acr = append(acr, f.prefix+f.value)
	}
	for name, value := range map[string]string{
		"prompt": p.Prompt, "login_hint": p.LoginHint, "ui_locales": p.UILocales, "acr_values": strings.Join(acr, " "),
	} {
		if value == "" {
			continue
		}
		if v.Has(name) {
			return nil, &usageError{Problem: fmt.Sprintf("%s is given twice: by its own key or flag, and by params", name), Command: "simsid login"}
		}
		v.Set(name, value)
	}
	if p.IDHint != "true" {
		return v, nil
	}
	id, err := s.lastIDToken(ctx)
	if err != nil {
		return nil, err
	}
	v.Set("id_token_hint", id.Reveal())
	s.hinted = true
	return v, nil
}

// lastIDToken is that of the login that is kept.
func (s *session) lastIDToken(ctx context.Context) (token.Secret, error) {
	none := &hintedError{Code: exitLogin, Text: "there is no ID token of an earlier login to send as a hint", Hints: []string{"leave --id-token-hint away"}}
	st, err := s.openKept(ctx)
	switch {
	case is[*tokenstore.BindingError](err), isNoLogin(err):
		return token.Secret{}, none
	case err != nil:
		return token.Secret{}, err
	}
	set, err := st.Load(ctx)
	switch {
	case errors.Is(err, tokenstore.ErrNoLogin), errors.Is(err, tokenstore.ErrEnded), err == nil && set.ID.IsZero():
		return token.Secret{}, none
	case err != nil:
		return token.Secret{}, err
	}
	return set.ID, nil
}

// hidden keeps an address that holds a token out of the opener's arguments, which everybody on the machine can see.
func (s *session) hidden(open func(context.Context, string) error) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		return flow.SendBrowser(ctx, address, s.env.Rand, open)
	}
}

// visitable refuses to print an address that nobody could sign in at: nothing runs that would answer, or would listen for the answer.
func (s *session) visitable() error {
	if s.embedded() {
		return &hintedError{Code: exitUsage, Text: "the address of the site inside simsid answers only while simsid runs: there is none to print", Hints: []string{
			"sign in, with the address printed: simsid login -p " + s.profile.Name + " --no-browser",
			"or serve it: simsid emulator, which prints how to sign in there",
		}}
	}
	if u, err := url.Parse(s.profile.RedirectURI); err == nil && u.Port() == "0" {
		return &hintedError{Code: exitUsage, Text: "the redirect URI " + s.profile.RedirectURI + " has port 0, which stands for the free one that a login listens on, and here none listens",
			Hints: []string{"name the port: --redirect-uri " + shellWord(strings.Replace(s.profile.RedirectURI, ":0", ":8400", 1))}}
	}
	return nil
}

// printURL prints the address of a sign-in, and does nothing else.
func (s *session) printURL(ctx context.Context, o *loginOptions) error {
	if len(s.flow.ResponseTypes) == 0 || o.withRefreshToken {
		return &usageError{Problem: fmt.Sprintf("flow %s has no address to sign in at", s.flow.Flow), Command: "simsid login"}
	}
	if err := s.visitable(); err != nil {
		return err
	}
	if err := s.prepareHTTP(ctx); err != nil {
		return err
	}
	r, err := s.browserRequest(ctx, o)
	if err != nil {
		return err
	}
	if err := s.push(ctx, &r, nil); err != nil {
		return err
	}
	address, err := flow.AuthorizationAddress(ctx, r)
	if err != nil {
		return err
	}
	if until := s.goodFor(address); until != "" {
		s.line("note", "%s", until)
	}
	if s.json() {
		return s.answer(ctx, render.SignInAddress{Profile: s.profile.Name, URL: address.URL, Expires: address.Expires})
	}
	_, err = fmt.Fprintln(s.env.Stdout, address.URL)
	return err
}

// loginAsClient gets a token for the client itself.
func (s *session) loginAsClient(ctx context.Context, o *loginOptions, client provider.Client, keep keeper) (*flow.LoginResult, error) {
	p, err := s.providerFor(ctx, client)
	if err != nil {
		return nil, err
	}
	s.own = &ownToken{scopes: s.profile.Scopes, acrValues: slices.Clone(s.profile.ACRValues), params: s.profile.Params}
	if o.org != "" {
		s.own.acrValues = slices.DeleteFunc(s.own.acrValues, func(a string) bool { return strings.HasPrefix(a, s.kind.SelectOrganisation) })
		s.own.acrValues = append(s.own.acrValues, s.kind.SelectOrganisation+o.org)
	}
	set, err := s.askOwn(ctx, p, client, *s.own)
	if err != nil {
		return nil, err
	}
	res := &flow.LoginResult{Set: set}
	res.Set.SignedInAt = s.env.Now()
	return res, keep(ctx, res)
}

// rememberAsked keeps what a login asks about the way of the sign-in, to be told beside what happened.
func (s *session) rememberAsked(params url.Values, maxAge time.Duration) {
	s.signOn = &render.SignOn{Told: s.kind.TellsSignOn, ACR: params.Get("acr_values"), Prompt: params.Get("prompt"), MaxAge: maxAge}
}
