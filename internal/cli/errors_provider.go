package cli

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

func explainProvider(err error, p string, f *failure) bool {
	switch {
	case is[*provider.OAuthError](err):
		e, _ := errors.AsType[*provider.OAuthError](err)
		f.Code, f.Hints = explainOAuth(e, p)
	case is[*provider.UnavailableError](err):
		e, _ := errors.AsType[*provider.UnavailableError](err)
		f.Code = exitUnavailable
		f.Hints = unavailableHints(e, p, checkAddress(err, p))
	case errors.Is(err, context.DeadlineExceeded):
		f.Code = exitUnavailable
		f.Hints = []string{"give it longer with --timeout"}
	case is[*provider.IssuerError](err):
		e, _ := errors.AsType[*provider.IssuerError](err)
		f.Code = exitUsage
		switch {
		case e.Pinned:
			f.Hints = []string{
				"ask the provider's operator whether its issuer has really changed",
				"if so, forget the spelling that was pinned: " + setLine(profileOf(p), "issuer", "ADDRESS"),
			}
		case e.SlashOnly:
			f.Hints = []string{"give the issuer exactly as the provider spells it: --issuer " + foreignWord(e.Got)}
		default:
			f.Hints = []string{"check the issuer's address"}
		}
	case is[*provider.SignedAnswerError](err):
		f.Code = exitNo
		f.Hints = []string{"the answer was not used; see the exchange: add --trace"}
	case is[*provider.UnsupportedError](err):
		e, _ := errors.AsType[*provider.UnsupportedError](err)
		f.Code = exitUsage
		if e.Instead != "" {
			f.Hints = []string{e.Instead}
		}
	case is[*provider.APIStatusError](err):
		e, _ := errors.AsType[*provider.APIStatusError](err)
		f.Code, f.Hints = explainAPIStatus(e.Status, p)
		if e.RetryAfter > 0 {
			f.Hints = append(f.Hints, "it asks to wait "+render.Duration(e.RetryAfter)+" before the next try")
		}
	case is[*provider.ResponseError](err):
		f.Code = exitFailed
		f.Hints = []string{"see what came back: add --trace"}
	default:
		return false
	}
	return true
}

// explainOAuth tells what a provider's own error means for the user.
func explainOAuth(e *provider.OAuthError, p string) (code int, hints []string) {
	if own := e.Operation == "get a token for the client"; own && e.Code == "invalid_scope" {
		return exitUsage, []string{
			"ask only for scopes that the client is registered for; those about a user, as openid and profile, are none of a client's own: simsid help scopes",
			"change them: " + setLine(profileOf(p), "scopes", "'SCOPE …'"),
		}
	} else if own && e.Code == "invalid_request" {
		return exitUsage, []string{
			"the provider takes the request for malformed: an organisation that it doesn't know, or that hasn't let this client in, is one cause: check --org or SIMSID_ACR_VALUES",
			"without one it tells more: leave it away, and add --trace",
		}
	}
	switch e.Code {
	case "invalid_client":
		return exitUsage, []string{
			"the client id or its secret is wrong: simsid profile show" + strings.Replace(p, " -p ", " ", 1),
			secretHint(profileOf(p)),
		}
	case "unauthorized_client":
		return exitUsage, []string{"the client may not do this: check its flow and that the redirect URI is registered exactly as in simsid profile show" + strings.Replace(p, " -p ", " ", 1)}
	case "invalid_scope":
		return exitUsage, []string{"ask only for scopes that the client is registered for: --scope 'openid profile'"}
	case "invalid_grant":
		return exitLogin, []string{"simsid login" + p}
	case "access_denied", "login_required", "interaction_required", "consent_required":
		return exitLogin, []string{"simsid login" + p}
	case "temporarily_unavailable", "server_error":
		return exitUnavailable, []string{"nothing was changed; try again"}
	}
	if e.Status == 401 || e.Status == 403 {
		return exitLogin, []string{"simsid login" + p}
	}
	return exitFailed, nil
}

// secretHint says where the client's secret goes.
func secretHint(profile string) string {
	if profile == config.EnvProfile {
		return "give the secret: " + clientSecretVariable
	}
	return "give the secret: " + clientSecretVariable + ", or simsid profile edit " + cmp.Or(profile, "NAME") + " --client-secret-file FILE"
}

// checkAddress tells where the issuer's address is to be looked at.
func checkAddress(err error, p string) string {
	if is[*givenAddressError](err) {
		return "check the address that you gave"
	}
	return "check the issuer's address: simsid profile show" + strings.Replace(p, " -p ", " ", 1)
}

// connectionHints are for what stands between this machine and the provider; nil where nothing is known to.
func connectionHints(e *provider.UnavailableError, p, show string) []string {
	if c, ok := errors.AsType[*provider.CertificateError](e); ok {
		switch c.Fault {
		case provider.UnknownAuthority, provider.SelfSigned:
			return []string{
				"if that is your organisation's own, as where a network inspects TLS, have its certificate as a file and trust it: --ca-file FILE, or for good: " +
					setLine(profileOf(p), "ca_file", "FILE"),
				"if nobody can tell you whose it is, somebody may be reading along: don't sign in from this network",
			}
		case provider.Expired, provider.NotYetValid:
			return []string{"if this machine's clock is wrong, set it right; if it isn't, only the provider can renew its certificate"}
		case provider.WrongHost:
			return []string{show}
		case provider.OtherFault:
		}
		return []string{"ask the provider's operator; a certificate that doesn't hold is never passed over"}
	}
	if t, ok := errors.AsType[*provider.ProxyError](e); ok {
		if t.Status == http.StatusProxyAuthRequired {
			return []string{"give them in the variable: export HTTPS_PROXY=http://USER:PASSWORD@" + render.Safe(t.Proxy)}
		}
		return []string{"check HTTPS_PROXY; to leave the proxy out for this host: export NO_PROXY=" + foreignWord(hostOnly(e.Host))}
	}
	if is[*provider.TLSError](e) {
		return []string{show}
	}
	return nil
}

// hostOnly is a host without its port.
func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

// unavailableHints say what became of a request without an answer. A code or a one-time refresh token that was sent may be used up,
// whatever came back.
func unavailableHints(e *provider.UnavailableError, p, show string) []string {
	if hints := connectionHints(e, p, show); hints != nil {
		return hints
	}
	hints := delayHints(e)
	if e.Sent && e.Operation == "refresh" {
		return append(hints, "the login is kept; the provider may have replaced its refresh token all the same: try again, and if that is refused, simsid login"+p)
	}
	if method, called := strings.CutPrefix(e.Operation, "call "); called && e.Sent && method != http.MethodGet && method != http.MethodHead {
		return append(hints, "the request may have been carried out: look before you send it again")
	}
	if e.Operation == "read discovery document" && !e.Sent && !e.Timeout() {
		hints = append(hints, show)
	}
	return append(hints, "nothing was changed; try again")
}

// explainAPIStatus is the exit code that an API's status stands for.
func explainAPIStatus(status int, p string) (int, []string) {
	switch {
	case status == http.StatusUnauthorized:
		return exitLogin, []string{"see whom the token is for, until when and with which scopes: simsid decode" + p, "a new one: simsid refresh" + p}
	case status == http.StatusForbidden:
		return exitFailed, []string{"see the scopes and roles of the token: simsid decode" + p}
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		return exitUnavailable, nil
	case status/100 == 3:
		return exitFailed, []string{"see where it leads: add --include; follow it: add --location"}
	}
	return exitFailed, nil
}
