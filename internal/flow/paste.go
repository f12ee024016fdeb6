package flow

import (
	"bufio"
	"errors"
	"io"
	"net/url"
	"strings"
)

// maxLine is the longest pasted line in bytes; what is longer is refused and skipped.
const maxLine = 64 << 10

const (
	refusedAddress refusal = "it isn't the address that the browser ended on"
	refusedText    refusal = "it is neither an address nor its part behind the question mark"
)

// pasted is one line from the terminal.
type pasted struct {
	line string
	long bool // it was longer than maxLine, and line is empty
}

// readLines sends each line of r until r ends or done is closed. It is the goroutine that may stay behind in Read.
func readLines(r io.Reader, lines chan<- pasted, done <-chan struct{}) {
	b := bufio.NewReaderSize(r, maxLine)
	for {
		line, long, err := readLine(b)
		if line != "" || long {
			select {
			case lines <- pasted{line: line, long: long}:
			case <-done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// readLine reads up to a line feed. Of a line that is longer than b's buffer nothing is kept.
func readLine(b *bufio.Reader) (line string, long bool, err error) {
	for {
		part, err := b.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = true
			continue
		}
		if long {
			return "", true, err
		}
		return strings.TrimSpace(string(part)), false, err
	}
}

// parsePasted reads a pasted line: the whole redirected URL, or its query with or without the question mark. People
// copy with quotes and angle brackets around it, from HTML source, and from address bars that hide the scheme.
func parsePasted(line string, r redirect, e expected) (answer, refusal) {
	line = strings.Trim(line, " \t\r\n\"'`<>“”‘’«»")
	line = strings.ReplaceAll(line, "&amp;", "&")
	query, why := pastedQuery(line, r)
	if why != "" {
		return answer{}, why
	}
	a, why := e.parse(query)
	a.via = viaPaste
	return a, why
}

func pastedQuery(line string, r redirect) (query string, why refusal) {
	if query, ok := strings.CutPrefix(line, "?"); ok {
		query, _, _ = strings.Cut(query, "#")
		return query, ""
	}
	name, _, assigned := strings.Cut(line, "=")
	if assigned && !strings.ContainsAny(name, ":/?#") { // a query without its question mark
		query, _, _ = strings.Cut(line, "#")
		return query, ""
	}
	for _, host := range r.hosts() {
		if strings.HasPrefix(line, host+"/") || strings.HasPrefix(line, host+"?") {
			line = "http://" + line
			break
		}
	}
	u, err := url.Parse(line)
	switch {
	case err != nil || u.Host == "":
		return "", refusedText
	case !r.matches(u):
		return "", refusedAddress
	case u.RawQuery == "":
		// IdentityServer3 puts some errors in the fragment, even for the code flow.
		return u.EscapedFragment(), ""
	}
	return u.RawQuery, ""
}

// matches reports whether u's scheme, host, port and path are the redirect's own.
func (r redirect) matches(u *url.URL) bool {
	if u.Scheme != "http" || u.User != nil || !r.hasHost(u.Host) {
		return false
	}
	return u.EscapedPath() == r.path || u.Path == "" && r.path == "/"
}
