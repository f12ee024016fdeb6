package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// refuse tells a fault to whoever is to hear of it.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, req *authorizeRequest, fault *authorizeFault) {
	if fault.page {
		observe(r, fault.rule, "%s; the real STS shows an error page with status 200 and tells you nothing", fault.words)
		// Status 200, as IdentityServer3 shows it; a client that waits for an answer hears nothing.
		s.showError(w, r, http.StatusOK, explain(fault.code))
		return
	}
	observe(r, fault.rule, fault.words)
	out := pairs{{"error", fault.code}}
	if fault.description != "" {
		out = append(out, [2]string{"error_description", fault.description})
	}
	if req.state != "" {
		out = append(out, [2]string{"state", req.state})
	}
	mode := req.mode
	if fault.fragment {
		mode = modeFragment
	}
	s.answer(w, r, req, out, mode)
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
func (s *Server) answer(w http.ResponseWriter, r *http.Request, req *authorizeRequest, out pairs, mode responseMode) {
	noStore(w)
	if mode == modeFormPost {
		s.showFormPost(w, r, req.redirectURI, out)
		return
	}
	address, separator := req.redirectURI, "?"
	switch {
	case mode == modeFragment:
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
		page.Text = "The client isn’t known, its redirect URI isn’t the registered one or breaks the rules of this environment, or it asked for a flow or a scope that it may not use."
	case "unsupported_response_type":
		page.Text = "The response type or the response mode is missing or isn’t one that the client may use."
	case "unsupported_prompt":
		page.Text = "This server has no choice of accounts: prompt=select_account can’t be used."
	}
	return page
}
