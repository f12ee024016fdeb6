package flow

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// RedirectError says that a redirect URI can't be listened on by this program.
type RedirectError struct {
	URI     string
	Problem string
	Open    bool // the address to listen on lets others in
}

func (e *RedirectError) Error() string { return fmt.Sprintf("redirect URI %q: %s", e.URI, e.Problem) }

// Place says where the answer to a redirect URI comes to.
type Place struct {
	Here  bool // this program can listen for it; else it can only be pasted
	HTTPS bool // listening takes a certificate
}

// CheckRedirect tells, before anything happens, where the answer to a redirect URI comes to. It can be listened for where the host
// is loopback, or where listen says the address of this machine ("127.0.0.1", "127.0.0.1:8443") that the host leads to. Its errors are
// *RedirectError.
func CheckRedirect(uri, listen string) (Place, error) {
	r, err := parseRedirect(uri, listen)
	return Place{Here: !r.away, HTTPS: !r.away && r.scheme == schemeHTTPS}, err
}

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
)

// redirect is a redirect URI, and where to listen for it.
type redirect struct {
	uri    string // as registered
	scheme string
	host   string // without brackets and port
	port   int    // 0: any free one
	path   string // escaped, as a request line has it; "/" where the URI has none
	away   bool   // it leads to where this program isn't
	bind   string // the address to listen on; "" where the host says it
	bindTo int    // the port to listen on; 0: the URI's
	open   bool   // the address to listen on isn't loopback, as the host is
}

func parseRedirect(uri, listen string) (redirect, error) {
	refuse := func(problem string) (redirect, error) {
		return redirect{}, &RedirectError{URI: uri, Problem: problem}
	}
	u, err := url.Parse(uri)
	if err != nil {
		return refuse("it is not a URL")
	}
	r := redirect{uri: uri, scheme: u.Scheme, host: u.Hostname(), path: u.EscapedPath()}
	switch {
	case u.User != nil:
		return refuse("it holds a user name")
	case strings.Contains(uri, "#"): // RFC 6749 section 3.1.2
		return refuse("it holds a fragment")
	case r.scheme == schemeHTTP || r.scheme == schemeHTTPS:
		if problem := r.locate(u, listen); problem != "" {
			return redirect{}, &RedirectError{URI: uri, Problem: problem, Open: r.open}
		}
	case strings.Contains(r.scheme, "."): // RFC 8252 section 7.1: another program's own
		r.away = true
	default:
		return refuse("it starts with neither https:// nor http://")
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

// locate fills in what an http or https address says of where to listen.
func (r *redirect) locate(u *url.URL, listen string) (problem string) {
	loopback := slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, r.host)
	switch {
	case r.host == "":
		return "it has no host"
	case strings.HasSuffix(u.Host, ":"):
		return "its port is empty"
	case r.scheme == schemeHTTP && !loopback:
		return "it is http and its host is none of localhost, 127.0.0.1 and [::1]: elsewhere it must be https"
	}
	r.port = r.ownPort()
	if p := u.Port(); p != "" {
		n, _ := strconv.ParseUint(p, 10, 16) // of what is no such number another one comes back
		if p != strconv.FormatUint(n, 10) {
			return "its port is no number from 0 to 65535"
		}
		r.port = int(n)
	}
	if r.path == "" {
		r.path = "/"
	}
	r.away = !loopback && listen == ""
	if r.port == 0 && !loopback {
		return "its port is 0, which stands for any free one on loopback alone"
	}
	if listen == "" {
		return ""
	}
	at, err := netip.ParseAddr(listen)
	if withPort, perr := netip.ParseAddrPort(listen); perr == nil {
		at, r.bindTo, err = withPort.Addr(), int(withPort.Port()), nil
	}
	switch {
	case err != nil:
		return fmt.Sprintf("the address to listen on for it, %q, is no IP address", listen)
	case loopback && !at.Unmap().IsLoopback(): // RFC 8252 section 8.3; by http the code would go over the network as it is
		r.open = true
		return fmt.Sprintf("it leads to this machine alone, and the address to listen on for it, %q, lets others in", listen)
	}
	r.bind = at.String()
	return ""
}

// ownPort is the port of a scheme, which an address leaves out (RFC 9110 section 4.2).
func (r redirect) ownPort() int {
	if r.scheme == schemeHTTPS {
		return 443
	}
	return 80
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
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	withPort := host + ":" + strconv.Itoa(r.port)
	if r.port == r.ownPort() { // a browser leaves the scheme's own port out (RFC 9110 section 4.2.3)
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
	if r.bind != "" {
		return []string{r.bind}
	}
	if r.host == "localhost" {
		return []string{"127.0.0.1", "::1"}
	}
	return []string{r.host}
}

// listenPort is the port to listen on, 0 for any free one.
func (r redirect) listenPort() int {
	if r.bindTo != 0 {
		return r.bindTo
	}
	return r.port
}
