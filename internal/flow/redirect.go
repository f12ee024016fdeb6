package flow

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// RedirectError says that a redirect URI can't be listened on by this program.
type RedirectError struct {
	URI     string
	Problem string
}

func (e *RedirectError) Error() string { return fmt.Sprintf("redirect URI %q: %s", e.URI, e.Problem) }

// CheckRedirect tells, before anything happens, whether uri can be listened on: http, a loopback host, no fragment, no
// userinfo. Its errors are *RedirectError.
func CheckRedirect(uri string) error {
	_, err := parseRedirect(uri)
	return err
}

// redirect is a redirect URI that can be listened on.
type redirect struct {
	uri  string // as registered
	host string // "localhost", "127.0.0.1" or "::1"
	port int    // 0: any free one
	path string // escaped, as a request line has it; "/" where the URI has none
}

func parseRedirect(uri string) (redirect, error) {
	refuse := func(problem string) (redirect, error) {
		return redirect{}, &RedirectError{URI: uri, Problem: problem}
	}
	u, err := url.Parse(uri)
	if err != nil {
		return refuse("it is not a URL")
	}
	switch {
	case u.Scheme != "http":
		return refuse("it doesn't start with http://, and this program listens on loopback by plain HTTP")
	case u.User != nil:
		return refuse("it holds a user name")
	case strings.Contains(uri, "#"): // RFC 6749 section 3.1.2
		return refuse("it holds a fragment")
	case !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()):
		return refuse("its host is none of localhost, 127.0.0.1 and [::1]")
	case strings.HasSuffix(u.Host, ":"):
		return refuse("its port is empty")
	}
	r := redirect{uri: uri, host: u.Hostname(), port: 80, path: u.EscapedPath()}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || p != strconv.FormatUint(n, 10) {
			return refuse("its port is no number from 0 to 65535")
		}
		r.port = int(n)
	}
	if r.path == "" {
		r.path = "/"
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if part == "." || part == ".." {
			return refuse("its path has a dot segment, which a browser takes out before it asks")
		}
	}
	for name := range u.Query() {
		if isAnswerParam(name) {
			return refuse(fmt.Sprintf("its query holds %q, which belongs to the answer", name))
		}
	}
	return r, nil
}

// withPort returns the redirect with port 0 replaced by the real one. The rest stays as registered, byte for byte:
// providers compare redirect URIs as strings (RFC 9700 section 4.1.3).
func (r redirect) withPort(port int) redirect {
	if r.port != 0 {
		return r
	}
	open := r.hosts()[0]
	r.uri = strings.Replace(r.uri, open, strings.TrimSuffix(open, "0")+strconv.Itoa(port), 1)
	r.port = port
	return r
}

// hosts are the values of a Host header that name this redirect.
func (r redirect) hosts() []string {
	host := r.host
	if host == "::1" {
		host = "[::1]"
	}
	withPort := host + ":" + strconv.Itoa(r.port)
	if r.port == 80 { // a browser leaves the scheme's own port out (RFC 9110 section 4.2.3)
		return []string{withPort, host}
	}
	return []string{withPort}
}

// hasHost reports whether a Host header or a URL's authority names this redirect. Case doesn't count (RFC 3986 section
// 3.2.2).
func (r redirect) hasHost(host string) bool {
	return slices.ContainsFunc(r.hosts(), func(own string) bool { return strings.EqualFold(own, host) })
}

// addresses are the loopback addresses to listen on. A browser asks for localhost on either family, so whoever holds the
// port on the other one would get the answer: both are taken.
func (r redirect) addresses() []string {
	if r.host == "localhost" {
		return []string{"127.0.0.1", "::1"}
	}
	return []string{r.host}
}
