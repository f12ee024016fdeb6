package flow

import (
	"bufio"
	"errors"
	"html"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/simsid/simsid/internal/token"
)

const (
	// maxLine is the longest pasted line in bytes, and the longest block of lines; what is longer is refused and skipped.
	maxLine = 2 * maxAnswer
	// pasteSettle is how long a pasted line waits for more: what a terminal or a mail program has wrapped comes line by line, but at
	// once. Without it the first line alone could be taken with a code cut short, and burn it.
	pasteSettle = 200 * time.Millisecond
	// pasteLate is how long a text waits for more that ends where it may have been cut, as over a slow connection.
	pasteLate = 1200 * time.Millisecond
	// bareLength is from where on a single word is taken for a code, and not for something typed.
	bareLength = 16
)

const (
	refusedAddress refusal = "it isn't the address that the browser ended on"
	refusedText    refusal = "it is neither an address nor its part behind the question mark or the #"
	refusedBare    refusal = "it is a bare code, and without the state beside it nobody can tell that it belongs to this login"
)

// pasted is one line from the terminal.
type pasted struct {
	line string
	long bool // it was longer than maxLine, and line is empty
	end  bool // nothing comes behind it
}

// readLines sends each line of r until r ends or done is closed. It is the goroutine that may stay behind in Read.
func readLines(r io.Reader, lines chan<- pasted, done <-chan struct{}) {
	b := bufio.NewReaderSize(r, maxLine)
	for {
		line, long, err := readLine(b)
		select {
		case lines <- pasted{line: line, long: long, end: err != nil}:
		case <-done:
			return
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

// hear takes a line. It is looked at together with those that come right behind it; an empty line and the end say that there
// are no more. The error is ErrNoPaste where nothing else can bring the answer.
func (w *waiting) hear(p pasted) (a answer, ok bool, err error) {
	size := len(p.line)
	for _, line := range w.block {
		size += len(line)
	}
	switch {
	case p.long || size > maxLine:
		w.block, w.settled = nil, nil
		w.request.emit(PasteRefused{Reason: string(refusedLong)})
	case p.line != "":
		w.block, w.late = append(w.block, p.line), false
		w.settled = w.request.Clock.After(pasteSettle)
	}
	if p.line == "" || p.end {
		if a, ok := w.look(true); ok {
			return a, true, nil
		}
	}
	if !p.end {
		return answer{}, false, nil
	}
	w.lines = nil
	if w.listener.redirect.away {
		return answer{}, false, ErrNoPaste
	}
	return answer{}, false, nil
}

// parsePasted reads a pasted line: the whole redirected URL; its query or fragment, with or without the sign in front; or a bare code.
// People copy with quotes and angle brackets around it, from HTML source, and from address bars that hide the scheme.
func parsePasted(line string, r redirect, e expected, insecureNoState bool) (answer, refusal) {
	const around = " \t\r\n\"'`<>“”‘’«»"
	line = strings.Map(visible, line)
	line = strings.Trim(unescapeHTML(strings.Trim(line, around)), around)
	query, why := pastedQuery(withoutSpace(line), r)
	switch {
	case why == refusedText && isBareCode(line, insecureNoState) && insecureNoState && e.parts == (parts{code: true}):
		return answer{code: token.NewSecret(line), via: viaPaste, raw: token.NewSecret("code=" + url.QueryEscape(line))}, ""
	case why == refusedText && isBareCode(line, insecureNoState):
		return answer{}, refusedBare
	case why != "":
		return answer{}, why
	}
	a, why := e.parse(query)
	a.via = viaPaste
	return a, why
}

// visible takes out of a text what nobody sees in it: byte order marks, zero-width characters, marks of direction, soft hyphens. Pages and
// programs put them around or into what is copied.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) {
		return -1
	}
	return r
}

// withoutSpace takes the white space out of a pasted address, which has none of its own: it is what became of a line's end. A description alone is
// made of words.
func withoutSpace(line string) string {
	const description = "error_description="
	before, rest, ok := strings.Cut(line, description)
	if !ok {
		return strings.Join(strings.Fields(line), "")
	}
	end := strings.IndexAny(rest, "&#")
	if end < 0 {
		end = len(rest)
	}
	return withoutSpace(before) + description + strings.Join(strings.Fields(rest[:end]), "+") + withoutSpace(rest[end:])
}

// isBareCode reports whether a word may be a code (RFC 6749 appendix A.11 gives it any printable character). Where one is wanted, a short
// one is one too.
func isBareCode(word string, wanted bool) bool {
	if len(word) > maxQuery || len(word) < bareLength && !wanted || word == "" {
		return false
	}
	return !strings.ContainsFunc(word, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`:?#&"<>\`, c) })
}

// unescapeHTML takes out what somebody has copied from a page's source: "&amp;", "&#38;". Only what ends in a semicolon counts, since
// "&section=" begins like an old entity; no parameter of an answer has one by itself.
func unescapeHTML(line string) string {
	const longest = 10
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(line, "&")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, behind, ok := strings.Cut(rest[:min(len(rest), longest)], ";")
		if text := html.UnescapeString("&" + name + ";"); ok && !strings.HasSuffix(text, ";") {
			b.WriteString(text)
			line = behind + rest[min(len(rest), longest):]
			continue
		}
		b.WriteByte('&')
		line = rest
	}
}

func pastedQuery(line string, r redirect) (query string, why refusal) {
	if query, ok := strings.CutPrefix(line, "?"); ok {
		return withoutFragment(query), ""
	}
	if fragment, ok := strings.CutPrefix(line, "#"); ok {
		return fragment, ""
	}
	name, _, assigned := strings.Cut(line, "=")
	if assigned && isAnswerParam(name) { // a query without its question mark
		return withoutFragment(line), ""
	}
	for _, host := range r.hosts() {
		if n := len(host); len(line) > n && strings.EqualFold(line[:n], host) && strings.IndexByte("/?#", line[n]) >= 0 {
			line = r.scheme + "://" + line
			break
		}
	}
	u, err := url.Parse(line)
	switch {
	case err != nil || u.Host == "" && u.Scheme != r.scheme:
		return "", refusedText
	case !r.matches(u):
		return "", refusedAddress
	case !holdsAnswer(u.RawQuery):
		// A response type with tokens in it is answered in the fragment, and IdentityServer3 puts some errors there even for the code
		// flow.
		return u.EscapedFragment(), ""
	}
	return u.RawQuery, ""
}

// withoutFragment cuts off what some providers put behind an answer, such as "#_=_".
func withoutFragment(query string) string {
	query, _, _ = strings.Cut(query, "#")
	return query
}

// matches reports whether u's scheme, host, port and path are the redirect's own.
func (r redirect) matches(u *url.URL) bool {
	if u.Scheme != r.scheme || u.User != nil {
		return false
	}
	if r.scheme != schemeHTTP && r.scheme != schemeHTTPS { // a private scheme, whose address has no fixed form
		own, err := url.Parse(r.uri)
		return err == nil && u.Opaque == own.Opaque && u.Host == own.Host && u.EscapedPath() == own.EscapedPath()
	}
	return r.hasHost(u.Host) && (u.EscapedPath() == r.path || u.Path == "" && r.path == "/")
}
