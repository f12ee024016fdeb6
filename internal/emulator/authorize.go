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

// authorizeRequest is a request to sign somebody in, as far as it has been checked.
type authorizeRequest struct {
	client      *ClientConfig
	redirectURI string
	state       string
	formPost    bool
	scopes      []string
	nonce       string
	challenge   string
	method      string
	prompt      string
	maxAge      time.Duration // negative: not sent
	loginHint   string
}

// authorizeFault is what is wrong with a request, and where that is said.
type authorizeFault struct {
	code, description string
	page              bool // to the user on a page: nothing reaches the redirect URI
	fragment          bool // else to the redirect URI, in the fragment instead of the query
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
		s.checkClient, checkResponseType, checkProofKey, checkResponseMode, checkFlow, s.checkScopes, checkRest,
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
	if id == "" || len(id) > maxClientID || redirect == "" || len(redirect) > maxRedirectURI || !printable(redirect) {
		return &authorizeFault{code: "invalid_request", page: true}
	}
	c := s.lookupClient(id)
	if c == nil || !c.allowsRedirect(redirect) {
		return &authorizeFault{code: "unauthorized_client", page: true}
	}
	req.client, req.redirectURI = c, redirect
	return nil
}

// printable reports whether an address is written in visible ASCII, as every address is that can be compared without
// regard to case and sent in a header.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= 0x7f })
}

// checkResponseType takes the words in any order. That the type is this client's comes later.
func checkResponseType(in params, _ *authorizeRequest) *authorizeFault {
	switch responseType(in) {
	case "code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token":
		return nil
	}
	return &authorizeFault{code: "unsupported_response_type", page: true}
}

func responseType(in params) string {
	words := strings.Fields(in.get("response_type"))
	slices.Sort(words)
	return strings.Join(words, " ")
}

// checkProofKey comes before the response mode is known, so its errors go where they go by default: into the fragment.
func checkProofKey(in params, req *authorizeRequest) *authorizeFault {
	if !req.client.Flow.proofKey() {
		return nil
	}
	req.challenge, req.method = in.get("code_challenge"), in.get("code_challenge_method")
	if req.method == "" {
		req.method = "plain"
	}
	switch {
	case req.challenge == "":
		return &authorizeFault{code: "invalid_request", description: "code challenge required", fragment: true}
	case len(req.challenge) < minChallenge || len(req.challenge) > maxChallenge:
		return &authorizeFault{code: "invalid_request", fragment: true}
	case req.method != "plain" && req.method != "S256":
		return &authorizeFault{code: "invalid_request", description: "transform algorithm not supported", fragment: true}
	}
	return nil
}

func checkResponseMode(in params, req *authorizeRequest) *authorizeFault {
	mode := in.get("response_mode")
	req.formPost = mode == "form_post"
	if mode != "" && mode != "query" && mode != "form_post" {
		return &authorizeFault{code: "unsupported_response_type", page: true}
	}
	return nil
}

func checkFlow(in params, _ *authorizeRequest) *authorizeFault {
	if responseType(in) != "code" {
		return &authorizeFault{code: "unauthorized_client", page: true}
	}
	return nil
}

func (s *Server) checkScopes(in params, req *authorizeRequest) *authorizeFault {
	text := in.get("scope")
	req.scopes = splitScopes(text)
	if len(req.scopes) == 0 || len(text) > maxScope {
		return &authorizeFault{code: "invalid_request"}
	}
	identity := false
	for _, name := range req.scopes {
		sc, ok := s.lookupScope(name)
		if !ok {
			return &authorizeFault{code: "invalid_scope"}
		}
		identity = identity || sc.Identity
	}
	for _, name := range req.scopes {
		if !slices.Contains(req.client.Scopes, name) {
			return &authorizeFault{code: "unauthorized_client", page: true}
		}
	}
	// Identity scopes mean nothing without openid.
	if identity && !slices.Contains(req.scopes, "openid") {
		return &authorizeFault{code: "invalid_scope"}
	}
	// SIMS ID documents the two as mutually exclusive and doesn't say what its STS answers. This is a guess: the error that
	// OAuth has for it, at the redirect URI, where the client's author sees it.
	if slices.Contains(req.scopes, singleOrganisation) && slices.Contains(req.scopes, severalOrganisations) {
		return &authorizeFault{code: "invalid_scope"}
	}
	return nil
}

func checkRest(in params, req *authorizeRequest) *authorizeFault {
	req.nonce, req.loginHint = in.get("nonce"), in.get("login_hint")
	if len(req.nonce) > maxNonce || len(req.loginHint) > maxLoginHint || len(in.get("ui_locales")) > maxUILocales ||
		len(in.get("acr_values")) > maxACRValues {
		return &authorizeFault{code: "invalid_request"}
	}
	if text := in.get("max_age"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds < 0 {
			return &authorizeFault{code: "invalid_request"}
		}
		req.maxAge = time.Duration(seconds) * time.Second
	}
	// One value only: a list is ignored, and so is a value that doesn't exist.
	switch prompt := in.get("prompt"); prompt {
	case "none", "login", "consent":
		req.prompt = prompt
	case "select_account":
		return &authorizeFault{code: "unsupported_prompt", page: true}
	}
	return nil
}

// refuse tells a fault to whoever is to hear of it.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, req *authorizeRequest, fault *authorizeFault) {
	if fault.page {
		// Status 200, as IdentityServer3 shows it; a client that waits for an answer hears nothing.
		s.showError(w, r, http.StatusOK, explain(fault.code))
		return
	}
	out := pairs{{"error", fault.code}}
	if fault.description != "" {
		out = append(out, [2]string{"error_description", fault.description})
	}
	if req.state != "" {
		out = append(out, [2]string{"state", req.state})
	}
	s.answer(w, r, req, out, fault.fragment)
}

// pairs are response parameters in order.
type pairs [][2]string

func (p pairs) encode() string {
	var parts []string
	for _, kv := range p {
		parts = append(parts, url.QueryEscape(kv[0])+"="+strings.ReplaceAll(url.QueryEscape(kv[1]), "+", "%20"))
	}
	return strings.Join(parts, "&")
}

// answer sends the browser to the redirect URI, which the checks have found registered.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, req *authorizeRequest, out pairs, fragment bool) {
	noStore(w)
	if req.formPost && !fragment {
		s.showFormPost(w, r, req.redirectURI, out)
		return
	}
	address, separator := req.redirectURI, "?"
	switch {
	case fragment:
		separator = "#"
	case strings.Contains(address, "?"):
		separator = "&"
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", address+separator+out.encode())
	status := http.StatusFound
	if r.Method == http.MethodPost {
		status = http.StatusSeeOther // RFC 9110 section 15.4.4: the form's password isn't posted on
	}
	w.WriteHeader(status)
}

// explain says on a page what the real STS keeps to itself.
func explain(code string) errorPage {
	page := errorPage{Heading: "The application’s request can’t be used", Code: code}
	switch code {
	case "invalid_request":
		page.Text = "The client id or the redirect URI is missing or too long."
	case "unauthorized_client":
		page.Text = "The client isn’t known, its redirect URI isn’t the registered one, or it asked for a flow or a scope that it may not use."
	case "unsupported_response_type":
		page.Text = "The response type or the response mode is missing or isn’t one that the client may use."
	case "unsupported_prompt":
		page.Text = "This server has no choice of accounts: prompt=select_account can’t be used."
	}
	return page
}
