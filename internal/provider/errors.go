package provider

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// OAuthError is an error that the provider stated in the protocol's form (RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750
// section 3). Its fields are foreign text, cut to a length that can be shown.
type OAuthError struct {
	Operation   string // "exchange the code", "refresh", ...
	Code        string // "invalid_grant"; "" where the status is all that the provider said, as IdentityServer3's introspection does
	Description string
	URI         string
	Status      int // HTTP status; 0 when it came through the browser
}

// Error tells operation, code and description, with control characters escaped.
func (e *OAuthError) Error() string {
	var b strings.Builder
	b.WriteString(e.Operation)
	b.WriteString(": ")
	if e.Code == "" {
		b.WriteString("refused")
	} else {
		b.WriteString(visible(e.Code))
	}
	if e.Description != "" {
		b.WriteString(": ")
		b.WriteString(visible(e.Description))
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	return b.String()
}

// UnavailableError says that the provider or the network didn't do its part, and that trying again may help: no
// connection, a certificate that doesn't hold (Err is then a *tls.CertificateVerificationError), time-out, 5xx, 429, 408.
type UnavailableError struct {
	Operation  string
	Host       string
	Status     int           // 0: no answer
	RetryAfter time.Duration // 0: not told
	Err        error         // the cause; nil when there was an answer
	// Sent says that the request may have reached the provider: what it was to use up once may be used up.
	Sent bool
}

// Error tells operation, host, and status or cause.
func (e *UnavailableError) Error() string {
	s := e.Operation + ": " + visible(e.Host) + ": "
	switch {
	case e.Timeout():
		return s + "no answer in time"
	case e.Err != nil:
		return s + e.Err.Error()
	case e.RetryAfter > 0:
		return fmt.Sprintf("%sHTTP %d, to be tried again after %s", s, e.Status, e.RetryAfter)
	default:
		return fmt.Sprintf("%sHTTP %d", s, e.Status)
	}
}

// Timeout reports whether time ran out before there was an answer.
func (e *UnavailableError) Timeout() bool {
	timeout, ok := errors.AsType[net.Error](e.Err)
	return ok && timeout.Timeout()
}

// Unwrap returns the cause.
func (e *UnavailableError) Unwrap() error { return e.Err }

// ResponseError says that an answer isn't what the protocol asks for: HTML, cut JSON, too large, a redirect.
type ResponseError struct {
	Operation string
	Host      string
	Status    int
	Problem   string // in words; never the body
}

// Error tells operation, host, status and problem.
func (e *ResponseError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s: %s: %s", e.Operation, visible(e.Host), e.Problem)
	}
	return fmt.Sprintf("%s: %s: %s (HTTP %d)", e.Operation, visible(e.Host), e.Problem, e.Status)
}

// AddressError says that an address is refused before anything is sent to it: it is no https address, nor http on
// loopback, or it has parts that an endpoint's address can't have.
type AddressError struct {
	Address string // without query and credentials
	Problem string
}

// Error tells the address and its problem.
func (e *AddressError) Error() string { return fmt.Sprintf("address %q %s", e.Address, e.Problem) }

// IssuerError says that the discovery document is somebody else's.
type IssuerError struct {
	Expected, Got string
	SlashOnly     bool // they differ by a trailing slash alone
	Pinned        bool // Expected was pinned at an earlier time
}

// Error tells both issuers.
func (e *IssuerError) Error() string {
	s := fmt.Sprintf("discovery document of another issuer: expected %q", e.Expected)
	if e.Pinned {
		s += " as pinned earlier"
	}
	s += fmt.Sprintf(", got %q", e.Got)
	if e.SlashOnly {
		s += "; they differ by a trailing slash alone"
	}
	return s
}

// SubjectError says that an answer is about somebody else than the one who signed in.
type SubjectError struct {
	Expected, Got string
}

// Error tells both subjects.
func (e *SubjectError) Error() string {
	return fmt.Sprintf("ask userinfo: the answer is about another user: expected sub %q, got %q", e.Expected, e.Got)
}

// UnsupportedError says that the provider has no such call.
type UnsupportedError struct {
	Operation string
	Issuer    string
	Reason    string // as the kind knows it, a clause; "" where only metadata lack the endpoint
	Instead   string // what to do, a clause; "" where nothing is known
}

// Error tells operation and issuer, or operation and reason.
func (e *UnsupportedError) Error() string {
	if e.Reason != "" {
		return e.Operation + ": " + e.Reason
	}
	return fmt.Sprintf("%s: %q has no endpoint for it", e.Operation, e.Issuer)
}

// maxShown bounds foreign text in bytes where an error carries it.
const maxShown = 1000

// clip cuts foreign text to at most n bytes, at a character's border.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// visible writes foreign text so that a terminal obeys none of it: control characters, direction marks and invalid UTF-8
// become escapes.
func visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1, r < 0x20, r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !strconv.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}
