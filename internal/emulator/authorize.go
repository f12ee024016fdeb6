package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Length limits of IdentityServer3's authorize endpoint.
const (
	maxRedirectURI = 400
	maxScope       = 300
	maxNonce       = 300
	maxACRValues   = 300
	maxLoginHint   = 100
	maxUILocales   = 100
	minChallenge   = 43
	maxChallenge   = 128
)

// responseMode is how the answer goes to the redirect URI.
type responseMode string

const (
	modeQuery    responseMode = "query"
	modeFragment responseMode = "fragment"
	modeFormPost responseMode = "form_post"
)

// authorizeRequest is a request to sign somebody in, as far as it has been checked.
type authorizeRequest struct {
	client       *ClientConfig
	redirectURI  string
	state        string
	responseType []string // sorted
	mode         responseMode
	scopes       []string
	nonce        string
	challenge    string
	method       string
	prompt       string
	maxAge       time.Duration // negative: not sent
	loginHint    string
	provider     string // of acr_values=idp:NAME; "" when not asked for
}

// asks reports whether a word is in the response type.
func (req *authorizeRequest) asks(word string) bool { return slices.Contains(req.responseType, word) }

// flow is the one that the response type belongs to: of a pair with and without proof key the client's own.
func (req *authorizeRequest) flow() Flow {
	own := req.client.Flow
	switch {
	case !req.asks("code"):
		return FlowImplicit
	case len(req.responseType) == 1 && own == FlowCodeWithProofKey, len(req.responseType) > 1 && own == FlowHybridWithProof:
		return own
	case len(req.responseType) == 1:
		return FlowCode
	}
	return FlowHybrid
}

// authorizeFault is what is wrong with a request, and where that is said.
type authorizeFault struct {
	code, description string
	page              bool   // to the user on a page: nothing reaches the redirect URI
	fragment          bool   // else to the redirect URI, in the fragment whatever the mode
	rule, words       string // for the log
}

// onPage and atClient make faults that the user or the client hears of.
func onPage(code, rule, words string, args ...any) *authorizeFault {
	return &authorizeFault{code: code, page: true, rule: rule, words: sprintf(words, args...)}
}

func atClient(code, rule, words string, args ...any) *authorizeFault {
	return &authorizeFault{code: code, rule: rule, words: sprintf(words, args...)}
}

// serveAuthorize is the authorize endpoint (RFC 6749 section 3.1).
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	req, fault := s.checkAuthorize(queryParams(r))
	if fault != nil {
		s.refuse(w, r, req, fault)
		return
	}
	s.signInOrAsk(w, r, req)
}

// checkAuthorize checks in IdentityServer3's order: what can't be told to the redirect URI comes first. The request that
// comes with a fault holds what is needed to tell it.
func (s *Server) checkAuthorize(in params) (*authorizeRequest, *authorizeFault) {
	req := &authorizeRequest{state: in.get("state"), maxAge: -1}
	checks := []func(params, *authorizeRequest) *authorizeFault{
		s.checkClient, checkResponseType, checkProofKey, checkResponseMode, checkFlow, s.checkScopes, checkNonce, checkRest,
	}
	for _, check := range checks {
		if fault := check(in, req); fault != nil {
			return req, fault
		}
	}
	return req, nil
}

func (s *Server) checkClient(in params, req *authorizeRequest) *authorizeFault {
	id, redirect := in.get("client_id"), in.get("redirect_uri")
	switch {
	case id == "" || len(id) > maxClientID:
		return onPage("invalid_request", "client", "client_id is missing or longer than %d characters", maxClientID)
	case redirect == "" || len(redirect) > maxRedirectURI:
		return onPage("invalid_request", "redirect-uri", "redirect_uri is missing or longer than %d characters", maxRedirectURI)
	case !printable(redirect):
		return onPage("invalid_request", "redirect-uri", "redirect_uri holds something besides visible ASCII characters")
	}
	c := s.lookupClient(id)
	if c == nil {
		return onPage("unauthorized_client", "client", "client %s is unknown or switched off", quoted(id))
	}
	if !c.allowsRedirect(redirect) {
		return onPage("unauthorized_client", "redirect-uri", "redirect_uri %s %s", quoted(redirect), c.mismatch(redirect))
	}
	if words := s.config.Rules.refuse(redirect); words != "" {
		return onPage("unauthorized_client", "redirect-uri", "redirect_uri %s %s", quoted(redirect), words)
	}
	req.client, req.redirectURI = c, redirect
	return nil
}

// mismatch says how an address differs from what is registered.
func (c *ClientConfig) mismatch(redirect string) string {
	switch len(c.RedirectURIs) {
	case 0:
		return "isn't registered, and this client has none that is"
	case 1:
		return difference(redirect, c.RedirectURIs[0], "the registered one")
	}
	for _, have := range c.RedirectURIs {
		if words := difference(redirect, have, "a registered one"); !strings.HasSuffix(words, severalParts) {
			return words
		}
	}
	return "isn't one of those that are registered"
}

// refuse says why the rules have no such redirect URI; "" if they may.
func (r Rules) refuse(redirect string) string {
	if r == RulesLocal {
		return ""
	}
	u, err := url.Parse(redirect)
	switch {
	case err != nil || !strings.EqualFold(u.Scheme, "https"):
		return "isn't HTTPS, which the rules of " + string(r) + " ask for"
	case r == RulesLive && (isLoopbackHost(u.Host) || strings.HasSuffix(strings.ToLower(u.Hostname()), ".localhost")):
		return "leads to this machine, which the rules of live refuse"
	}
	return ""
}

// printable reports whether an address is written in visible ASCII, as every address is that can be compared without
// regard to case and sent in a header.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}

// checkResponseType takes the words in any order. That the type is this client's comes later.
func checkResponseType(in params, req *authorizeRequest) *authorizeFault {
	req.responseType = strings.Fields(in.get("response_type"))
	slices.Sort(req.responseType)
	switch strings.Join(req.responseType, " ") {
	case "code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token":
		return nil
	}
	return onPage("unsupported_response_type", "response-type", "response_type %s is missing or unknown", quoted(in.get("response_type")))
}

// checkProofKey comes before the response mode is known, so its errors go where they go by default: into the fragment.
func checkProofKey(in params, req *authorizeRequest) *authorizeFault {
	if !req.flow().proofKey() {
		return nil
	}
	req.challenge, req.method = in.get("code_challenge"), in.get("code_challenge_method")
	if req.method == "" {
		req.method = "plain"
	}
	fault := atClient("invalid_request", "proof-key", "")
	fault.fragment = true
	switch {
	case req.challenge == "":
		fault.description = "code challenge required"
		fault.words = "code_challenge is missing, and flow " + string(req.client.Flow) + " needs one"
	case len(req.challenge) < minChallenge || len(req.challenge) > maxChallenge:
		fault.words = sprintf("code_challenge has %d characters, and must have %d to %d", len(req.challenge), minChallenge, maxChallenge)
	case req.method != "plain" && req.method != "S256":
		fault.description = "transform algorithm not supported"
		fault.words = sprintf("code_challenge_method %s is unknown", quoted(req.method))
	default:
		return nil
	}
	fault.words += "; this error is in the fragment, even for the code flow, where your listener doesn't see it"
	return fault
}

// checkResponseMode: tokens never go into a query, and a code alone never into a fragment.
func checkResponseMode(in params, req *authorizeRequest) *authorizeFault {
	req.mode = modeFragment
	if req.flow().code() {
		req.mode = modeQuery
	}
	switch mode := responseMode(in.get("response_mode")); mode {
	case "", req.mode:
	case modeFormPost:
		req.mode = mode
	default:
		return onPage("unsupported_response_type", "response-mode", "response_mode %s isn't for response_type %s",
			quoted(string(mode)), quoted(strings.Join(req.responseType, " ")))
	}
	return nil
}

func checkFlow(_ params, req *authorizeRequest) *authorizeFault {
	if req.flow() != req.client.Flow {
		return onPage("unauthorized_client", "flow", "response_type %s isn't for client %s, whose one flow is %s",
			quoted(strings.Join(req.responseType, " ")), quoted(req.client.ID), req.client.Flow)
	}
	return nil
}

func (s *Server) checkScopes(in params, req *authorizeRequest) *authorizeFault {
	text := in.get("scope")
	req.scopes = splitScopes(text)
	if len(req.scopes) == 0 || len(text) > maxScope {
		return atClient("invalid_request", "scope", "scope is missing or longer than %d characters", maxScope)
	}
	if (req.asks("id_token") || len(req.responseType) > 1) && !slices.Contains(req.scopes, openID) {
		return atClient("invalid_request", "scope", "response_type %s needs scope openid", quoted(strings.Join(req.responseType, " ")))
	}
	identity, resource := false, false
	for _, name := range req.scopes {
		sc, ok := s.lookupScope(name)
		if !ok {
			return atClient("invalid_scope", "scope", "there is no scope %s", quoted(name))
		}
		identity, resource = identity || sc.Identity, resource || !sc.Identity
	}
	if identity && !slices.Contains(req.scopes, openID) {
		return atClient("invalid_scope", "scope", "scopes about the user mean nothing without openid")
	}
	for _, name := range req.scopes {
		if !slices.Contains(req.client.Scopes, name) {
			return onPage("unauthorized_client", "scope", "client %s mustn't ask for scope %s", quoted(req.client.ID), quoted(name))
		}
	}
	// SIMS ID documents the two as mutually exclusive and doesn't say what its STS answers. This is a guess: the error that
	// OAuth has for it, at the redirect URI, where the client's author sees it.
	if slices.Contains(req.scopes, singleOrganisation) && slices.Contains(req.scopes, severalOrganisations) {
		return atClient("invalid_scope", "scope", "scopes %s and %s exclude each other", singleOrganisation, severalOrganisations)
	}
	return checkScopeKinds(req, identity, resource)
}

// checkScopeKinds: without an access token there is no use for an API's scope, and without an ID token none for the user's.
func checkScopeKinds(req *authorizeRequest, identity, resource bool) *authorizeFault {
	switch strings.Join(req.responseType, " ") {
	case "token":
		if identity {
			return atClient("invalid_scope", "scope", "response_type token takes scopes of APIs only")
		}
	case "id_token":
		if resource {
			return atClient("invalid_scope", "scope", "response_type id_token takes scopes about the user only")
		}
	}
	return nil
}

// checkNonce: what comes through the browser is bound to its request by the nonce (OpenID Connect Core 3.2.2.1, 3.3.2.11).
func checkNonce(in params, req *authorizeRequest) *authorizeFault {
	req.nonce = in.get("nonce")
	switch {
	case len(req.nonce) > maxNonce:
		return atClient("invalid_request", "nonce", "nonce is longer than %d characters", maxNonce)
	case req.nonce == "" && !req.flow().code() && slices.Contains(req.scopes, openID):
		return atClient("invalid_request", "nonce", "nonce is missing, and flow %s needs one", req.client.Flow)
	}
	return nil
}

func checkRest(in params, req *authorizeRequest) *authorizeFault {
	for _, limit := range []struct {
		name string
		max  int
	}{{"login_hint", maxLoginHint}, {"ui_locales", maxUILocales}, {"acr_values", maxACRValues}} {
		if len(in.get(limit.name)) > limit.max {
			return atClient("invalid_request", "length", "%s is longer than %d characters", limit.name, limit.max)
		}
	}
	req.loginHint = in.get("login_hint")
	for value := range strings.FieldsSeq(in.get("acr_values")) {
		if name, ok := strings.CutPrefix(value, "idp:"); ok && req.provider == "" {
			req.provider = name
		}
	}
	if text := in.get("max_age"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds < 0 {
			return atClient("invalid_request", "max-age", "max_age %s is no number of seconds", quoted(text))
		}
		req.maxAge = time.Duration(seconds) * time.Second
	}
	// One value only: a list is ignored, and so is a value that doesn't exist.
	switch prompt := in.get("prompt"); prompt {
	case "none", "login", "consent":
		req.prompt = prompt
	case "select_account":
		return onPage("unsupported_prompt", "prompt", "prompt=select_account ends on an error page")
	}
	return nil
}
