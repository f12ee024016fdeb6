package provider

import "time"

// OAuthError is an error that the provider stated in the protocol's form (RFC 6749 sections 4.1.2.1 and 5.2). Its fields
// are foreign text.
type OAuthError struct {
	Operation   string // "exchange the code", "refresh", ...
	Code        string // "invalid_grant"
	Description string
	URI         string
	Status      int // HTTP status; 0 when it came through the browser
}

func (e *OAuthError) Error() string { panic("unwritten") }

// UnavailableError says that the provider or the network didn't do its part, and that trying again may help: no
// connection, time-out, 5xx, 429.
type UnavailableError struct {
	Operation  string
	Host       string
	Status     int           // 0: no answer
	RetryAfter time.Duration // 0: not told
	Err        error         // the cause; nil when there was an answer
}

func (e *UnavailableError) Error() string { panic("unwritten") }
func (e *UnavailableError) Unwrap() error { return e.Err }

// ResponseError says that an answer isn't what the protocol asks for: HTML, cut JSON, too large, a redirect.
type ResponseError struct {
	Operation string
	Host      string
	Status    int
	Problem   string // in words; never the body
}

func (e *ResponseError) Error() string { panic("unwritten") }

// IssuerError says that the discovery document is somebody else's.
type IssuerError struct {
	Expected, Got string
	SlashOnly     bool // they differ by a trailing slash alone
	Pinned        bool // Expected was pinned at an earlier time
}

func (e *IssuerError) Error() string { panic("unwritten") }

// UnsupportedError says that the provider has no such call.
type UnsupportedError struct {
	Operation string
	Issuer    string
}

func (e *UnsupportedError) Error() string { panic("unwritten") }
