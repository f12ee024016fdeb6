package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/simsid/simsid/internal/word"
)

// Bounds of values. The ids are longer than any provider's, the addresses as long as browsers take them.
const (
	maxURL    = 2048
	maxID     = 255
	maxScopes = 100
)

// ValueError says that a value can't be what it is.
type ValueError struct {
	Key     string // a setting's key, or "profile" for a profile's name
	Value   string // as given, but for what could be a secret, in whose place "…" stands; see package word
	Origin  Origin // zero when the caller of Add, Set or CheckName knows better
	Problem string // "must be an absolute https address"
}

// Error names the key, the value, the problem and the origin.
func (e *ValueError) Error() string {
	s := fmt.Sprintf("%s %q %s", e.Key, e.Value, e.Problem)
	if e.Origin.Detail != "" {
		s += fmt.Sprintf(" (from %s)", e.Origin.Detail)
	}
	return s
}

// Meant is what the value was likely meant to be, "" where that can't be told: one of the words that the key can have, or an address of this
// machine with its scheme.
func (e *ValueError) Meant() string {
	switch {
	case strings.Contains(e.Value, word.Hidden):
		return ""
	case isURLKey(e.Key) && e.Value != "" && !strings.Contains(e.Value, "://"):
		return "https://" + e.Value
	}
	return word.Nearest(e.Value, allowed(e.Key))
}

// checkValues checks what is to be one setting's value. It gives a *ValueError without an origin.
func checkValues(s Setting, values []string) error {
	fault := func(values []string, problem string) error {
		var shown []string
		for _, v := range values {
			shown = append(shown, showValue(s.Key, v))
		}
		return &ValueError{Key: s.Key, Value: strings.Join(shown, " "), Problem: problem}
	}
	switch {
	case len(values) == 0:
		return fault(nil, "is empty")
	case !s.List && len(values) > 1:
		return fault(values[:2], "must be one value")
	case len(values) > maxScopes:
		return fault(values[:1], fmt.Sprintf("is one of more than %d values", maxScopes))
	}
	for i, v := range values {
		if problem := checkValue(s.Key, v); problem != "" {
			return fault(values[i:i+1], problem)
		}
	}
	return nil
}

// showValue is a value fit for a message; what could be a secret that was put into the wrong place isn't repeated.
func showValue(key, value string) string {
	switch {
	case isURLKey(key):
		return word.Address(value)
	case isFileKey(key):
		return word.File(value)
	case key == keyParams:
		if name, _, ok := strings.Cut(value, "="); ok {
			return word.Repeated(name) + "=" + word.Hidden
		}
	case key == keyKind: // which kinds there are isn't known here
		return word.Repeated(value)
	}
	return word.Repeated(value, allowed(key)...)
}

// isKeyText reports whether a value is a private key, where at most the name of its file is to stand.
func isKeyText(value string) bool {
	return strings.Contains(value, "PRIVATE KEY") || strings.HasPrefix(strings.TrimSpace(value), "{")
}

func isFileKey(key string) bool {
	return key == keyTLSCert || key == keyTLSKey || key == keyCAFile || key == keyClientKey
}

func isURLKey(key string) bool {
	return key == keyIssuer || key == keyPinnedIssuer || key == keyRedirect || key == keyPostLogout || key == keyAPIBase
}

// checkValue says what is wrong with a value, "" when nothing is.
func checkValue(key, v string) string {
	if v == "" {
		return "is empty"
	}
	switch key {
	case keyKind, keyEnvironment:
		return checkWord(v)
	case keyIssuer, keyPinnedIssuer, keyAPIBase:
		return checkIssuer(v)
	case keyClientID, keyIntrospection:
		return checkID(v)
	case keyClientKeyID:
		return checkID(v)
	case keyScopes:
		return checkScope(v)
	case keyRedirect, keyPostLogout:
		return checkRedirect(v)
	case keyListen:
		return checkListen(v)
	case keyTLSCert, keyTLSKey, keyCAFile, keyClientKey:
		return checkPath(v)
	case keyRefreshLife:
		if _, err := Minutes(v); err != nil {
			return "must be a number of minutes from 1 to 5256000"
		}
		return ""
	}
	if list := allowed(key); list != nil {
		return checkOneOf(v, list...)
	}
	return checkAsked(key, v)
}

// allowed are the words that a key can have, nil where they can't be told beforehand.
func allowed(key string) []string {
	switch key {
	case keyClientAuth:
		return []string{"client_secret_post", "client_secret_basic", "client_secret_basic_raw", "private_key_jwt", "none"}
	case keyClientKeyAlg:
		return []string{"RS256", "PS256", "ES256", "EdDSA"}
	case keyAudience:
		return []string{"token_endpoint", "issuer"}
	case keyFlow:
		return []string{
			"AuthorizationCodeWithProofKey", "AuthorizationCode", "HybridWithProofKey", "Hybrid", "Implicit", "ClientCredentials",
			"DeviceCode", "PostedRefreshToken",
		}
	case keyResponseMode:
		return []string{"query", "fragment", "form_post"}
	case keyIDHint, keyPAR:
		return []string{"true", "false"}
	case keyRefreshUsage:
		return []string{"one-time", "reusable"}
	case keyStore:
		return []string{"keyring", "file", "memory", "auto"}
	}
	return nil
}

// checkAsked checks what is asked of the authorisation endpoint. What a kind of provider breaks on, and what fits a flow, the flow knows.
func checkAsked(key, v string) string {
	switch key {
	case keyResponseType, keyPrompt, keyUILocales:
		if strings.Trim(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_- ") != "" {
			return "must be words of letters, digits, '_' and '-'"
		}
		return ""
	case keyLoginHint:
		if len(v) > maxURL || strings.ContainsFunc(v, unicode.IsControl) {
			return fmt.Sprintf("must be at most %d bytes without control characters", maxURL)
		}
		return ""
	case keyMaxAge:
		if _, err := Seconds(v); err != nil {
			return "must be a whole number of seconds, such as 900 or 15m"
		}
		return ""
	case keyACRValues:
		return checkScope(v)
	case keyParams:
		return checkParam(v)
	}
	return "is of no known key"
}

// checkParam takes name=value.
func checkParam(v string) string {
	name, value, ok := strings.Cut(v, "=")
	switch {
	case !ok || name == "" || !within(name, '!') || strings.ContainsAny(name, "&?#"):
		return "must be name=value"
	case looksSecret(name):
		return "looks like a secret, which doesn't belong into an address"
	case len(v) > maxURL || strings.ContainsFunc(value, unicode.IsControl):
		return fmt.Sprintf("must be at most %d bytes without control characters", maxURL)
	}
	return ""
}

// Seconds reads a duration ("15m"), or a number of seconds.
func Seconds(v string) (time.Duration, error) {
	const longest = 10 * 365 * 24 * time.Hour
	d, err := time.ParseDuration(v)
	if n, nerr := strconv.ParseUint(v, 10, 31); nerr == nil {
		d, err = time.Duration(n)*time.Second, nil
	}
	switch {
	case err != nil:
		return 0, err
	case d < 0 || d > longest || d%time.Second != 0:
		return 0, errors.New("it is negative, longer than ten years, or no whole number of seconds")
	}
	return d, nil
}

// Minutes reads a number of minutes, at least one and at most ten years.
func Minutes(v string) (time.Duration, error) {
	const most = 10 * 365 * 24 * 60
	n, err := strconv.ParseUint(v, 10, 31)
	if err != nil || n == 0 || n > most {
		return 0, errors.New("it is no number of minutes within ten years")
	}
	return time.Duration(n) * time.Minute, nil
}

func checkOneOf(v string, allowed ...string) string {
	if slices.Contains(allowed, v) {
		return ""
	}
	last := len(allowed) - 1
	return "must be " + strings.Join(allowed[:last], ", ") + " or " + allowed[last]
}

func checkWord(v string) string {
	if len(v) > maxName || strings.Trim(v, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "must be a word of lower-case letters, digits and '-'"
	}
	return ""
}

// checkID takes what RFC 6749 appendix A.1 calls VSCHAR. A space at an end is a slip of the paste.
func checkID(v string) string {
	switch {
	case len(v) > maxID:
		return fmt.Sprintf("is longer than %d bytes", maxID)
	case !within(v, ' '):
		return "may have only printable ASCII characters"
	case strings.TrimSpace(v) != v:
		return "begins or ends with a space"
	}
	return ""
}

// checkScope takes a scope-token of RFC 6749 section 3.3.
func checkScope(v string) string {
	switch {
	case len(v) > maxID:
		return fmt.Sprintf("is longer than %d bytes", maxID)
	case !within(v, '!') || strings.ContainsAny(v, `"\`):
		return `must be one scope: printable ASCII without spaces, '"' and '\'`
	}
	return ""
}

// within reports whether all bytes of v are printable ASCII from lo on.
func within(v string, lo byte) bool {
	for i := range len(v) {
		if v[i] < lo || v[i] > '~' {
			return false
		}
	}
	return true
}

// checkIssuer takes what OpenID Connect Discovery 1.0 section 3 asks of an issuer, and http on loopback for tests.
func checkIssuer(v string) string {
	u, problem := checkURL(v)
	switch {
	case problem != "":
		return problem
	case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
		return "must be an https address, or http on loopback"
	case u.Host == "":
		return "has no host"
	case strings.ContainsAny(v, "?#"):
		return "must have neither query nor fragment"
	}
	return ""
}

// checkRedirect takes https, http on loopback (RFC 8252 section 7.3) and private-use schemes, which have a dot (section 7.1). A
// redirect URI has no fragment (RFC 6749 section 3.1.2).
func checkRedirect(v string) string {
	u, problem := checkURL(v)
	switch {
	case problem != "":
		return problem
	case strings.Contains(v, "#"):
		return "must have no fragment"
	case u.Scheme == "https" && u.Host != "", u.Scheme == "http" && isLoopback(u.Hostname()), strings.Contains(u.Scheme, "."):
		return ""
	}
	return "must be an absolute https address, http on loopback, or one with a private scheme such as com.example.app"
}

// checkListen takes an IP address with a port or without: a name could lead anywhere by the time that it is used.
func checkListen(v string) string {
	if _, err := netip.ParseAddr(v); err == nil {
		return ""
	}
	if _, err := netip.ParseAddrPort(v); err == nil {
		return ""
	}
	return "must be an IP address such as 127.0.0.1, 127.0.0.1:8443 or [::1]:8443"
}

// checkPath takes what can be a file's name on some system.
func checkPath(v string) string {
	switch {
	case isKeyText(v):
		return "must be the name of a file, not the key itself"
	case len(v) > maxURL:
		return fmt.Sprintf("is longer than %d bytes", maxURL)
	case strings.ContainsFunc(v, unicode.IsControl):
		return "has a control character"
	}
	return ""
}

// checkURL takes an absolute URI of RFC 3986 without userinfo.
func checkURL(v string) (*url.URL, string) {
	switch {
	case len(v) > maxURL:
		return nil, fmt.Sprintf("is longer than %d bytes", maxURL)
	case !within(v, '!') || strings.ContainsAny(v, "\"<>\\^`{|}"):
		return nil, "has characters that an address can't have"
	}
	// The parser's own error is left out: it repeats the address, with a password that may be in it.
	u, err := url.Parse(v)
	switch {
	case err != nil:
		return nil, "isn't a valid address"
	case !u.IsAbs():
		return nil, "must be an absolute address, beginning with https://"
	case u.User != nil:
		return nil, "must hold no user name or password"
	case u.Host == "" && (u.Scheme == "https" || u.Scheme == "http"):
		return nil, "has no host"
	case strings.HasSuffix(u.Host, ":"):
		return nil, "has an empty port"
	case u.Host != "" && u.Hostname() == "":
		return nil, "has no host"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n > 65535 {
			return nil, "has a port over 65535"
		}
	}
	return u, ""
}

// isLoopback reports whether a host, as it stands in an address, can only be this machine: RFC 6761 section 6.3 reserves localhost.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
