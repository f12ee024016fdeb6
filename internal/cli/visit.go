package cli

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/emulator"
)

// visitLoopback stands in for a browser where the embedded STS signs a sample user in by itself: it follows the redirects,
// from this machine's loopback to this machine's loopback and nowhere else. jar has the cookies of several visits; nil: each is a new
// browser's.
func visitLoopback(ctx context.Context, address string, site embeddedSite, jar visitorCookies) error {
	return asBrowser(ctx, site, jar, func(visitor *http.Client) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		return visitor.Do(req)
	})
}

// visitContentItem stands in for a member's browser at the iMIS inside simsid: it opens the page with the content item, and posts what
// that has it post.
func visitContentItem(ctx context.Context, base string, site embeddedSite) error {
	return asBrowser(ctx, site, nil, func(visitor *http.Client) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, emulator.ContentItem(base), nil)
		if err != nil {
			return nil, err
		}
		resp, err := visitor.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		target, form, err := emulator.ReadContentItem(resp.Body)
		if err != nil {
			return nil, err
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode())); err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", strings.TrimSuffix(base, "/"))
		return visitor.Do(req)
	})
}

// embeddedSite is the site inside this program: its host is answered without a connection, as by the listener that others reach it at.
type embeddedSite struct {
	host   string
	answer http.RoundTripper
}

// visitorTransport asks the site inside this program, or else goes by the network.
type visitorTransport struct {
	site    embeddedSite
	network http.RoundTripper
}

// RoundTrip is http.RoundTripper's.
func (v visitorTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == v.site.host {
		return v.site.answer.RoundTrip(r)
	}
	return v.network.RoundTrip(r)
}

// asBrowser makes a visit that ends at the listener's page. Where a page is there to be posted by its script, it is posted.
func asBrowser(ctx context.Context, site embeddedSite, jar visitorCookies, visit func(*http.Client) (*http.Response, error)) error {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
				return nil, fmt.Errorf("the embedded STS led to %s, which is not loopback", host)
			}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}
	defer transport.CloseIdleConnections()
	visitor := &http.Client{Timeout: 30 * time.Second, Transport: visitorTransport{site, transport}}
	if jar != nil {
		visitor.Jar = jar
	}
	resp, err := visit(visitor)
	if err != nil {
		return withoutAddress(err)
	}
	const posts = 2 // the emulator's form_post, and the listener's fragment
	for range posts {
		next, err := postScripted(ctx, visitor, resp)
		if err != nil {
			return withoutAddress(err)
		}
		if next == nil {
			return nil
		}
		resp = next
	}
	return resp.Body.Close()
}

// withoutAddress takes the address out of what kept a visit from being made: it may hold a code, and says nothing of the site inside simsid.
func withoutAddress(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("visit the site inside simsid: %w", outer.Err)
	}
	return err
}

// visitorCookies are the cookies of one visitor to the sites inside simsid, by site, path and name. net/http/cookiejar is for the whole web, and readies itself
// whenever a program with it starts.
type visitorCookies map[[3]string]*http.Cookie

// SetCookies is http.CookieJar's.
func (v visitorCookies) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		at := [3]string{u.Host, c.Path, c.Name}
		v[at] = c
		if c.MaxAge < 0 {
			delete(v, at)
		}
	}
}

// Cookies is http.CookieJar's.
func (v visitorCookies) Cookies(u *url.URL) []*http.Cookie {
	var sent []*http.Cookie
	for at, c := range v {
		if at[0] == u.Host && strings.HasPrefix(u.Path, at[1]) {
			sent = append(sent, &http.Cookie{Name: c.Name, Value: c.Value}) //nolint:gosec // G124: in a request a cookie has no attributes
		}
	}
	return sent
}

// postScripted does what the script of a page does: it posts the page's one form, with what is behind the # of its address in the field that is
// made for it. nil is the response at the listener's last page; another page that no script posts is an error.
func postScripted(ctx context.Context, visitor *http.Client, resp *http.Response) (*http.Response, error) {
	defer resp.Body.Close()
	page, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	at := resp.Request.URL
	if err != nil || strings.HasPrefix(at.Path, "/finished/") {
		return nil, err
	}
	action, form := scriptedForm(string(page))
	target, err := at.Parse(action)
	if action == "" || err != nil {
		// It never came back to the listener: what the emulator shows then is an error page.
		return nil, &hintedError{
			Code: exitUsage, Text: "the emulator answered with a page: " + heading(string(page)),
			Hints: []string{"see the page: add --no-browser, and open the address yourself", "check scopes and redirect URI"},
		}
	}
	if form.Has("fragment") {
		form.Set("fragment", at.EscapedFragment())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return visitor.Do(req)
}

// scriptedForm reads a page whose script posts its form: where to, and its hidden fields. A form with a field for the user isn't one; action is ""
// then.
func scriptedForm(page string) (action string, form url.Values) {
	form = url.Values{}
	scripted := false
	for tag, attributes := range ownTags(page) {
		switch tag {
		case "script":
			scripted = true
		case "form":
			action = attributes["action"]
		case "input":
			if attributes["type"] != "hidden" {
				return "", nil
			}
			form.Add(attributes["name"], attributes["value"])
		}
	}
	if !scripted {
		action = ""
	}
	return action, form
}

// ownTags are the opening tags of a page that this program has written, with their attributes; the text of scripts and styles is passed over. In such a
// page each value that could hold a space, a quote or a bracket is quoted and escaped, and there are no comments. A whole reader of HTML has tables of
// two thousand names that are made whenever a program with it starts, whatever it then does.
func ownTags(page string) iter.Seq2[string, map[string]string] {
	return func(yield func(string, map[string]string) bool) {
		for {
			_, rest, found := strings.Cut(page, "<")
			if !found {
				return
			}
			tag, rest, _ := strings.Cut(rest, ">")
			name, tail, _ := strings.Cut(tag, " ")
			if name == "script" || name == "style" {
				_, rest, _ = strings.Cut(rest, "</"+name)
			}
			page = rest
			if !strings.HasPrefix(name, "/") && !yield(name, ownAttributes(tail)) {
				return
			}
		}
	}
}

// ownAttributes reads what stands behind the name in such a tag.
func ownAttributes(text string) map[string]string {
	attributes := map[string]string{}
	for {
		text = strings.TrimLeft(text, " /\n")
		if text == "" {
			return attributes
		}
		end := strings.IndexAny(text, " =")
		if end < 0 {
			end = len(text)
		}
		key, value := text[:end], ""
		text = text[end:]
		if quoted, ok := strings.CutPrefix(text, `="`); ok {
			value, text, _ = strings.Cut(quoted, `"`)
		} else if bare, ok := strings.CutPrefix(text, "="); ok {
			value, text, _ = strings.Cut(bare, " ")
		}
		attributes[key] = html.UnescapeString(value)
	}
}

// heading is the text of a page's h1.
func heading(page string) string {
	_, rest, _ := strings.Cut(page, "<h1")
	_, rest, _ = strings.Cut(rest, ">")
	text, _, found := strings.Cut(rest, "</h1>")
	if !found {
		return "(without a heading)"
	}
	return strings.TrimSpace(html.UnescapeString(text))
}
