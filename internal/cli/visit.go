package cli

import (
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/emulator"
)

// visitLoopback stands in for a browser where the embedded STS signs a sample user in by itself: it follows the redirects,
// from this machine's loopback to this machine's loopback and nowhere else. jar has the cookies of several visits; nil: each is a new
// browser's.
func visitLoopback(ctx context.Context, address string, jar http.CookieJar) error {
	return asBrowser(jar, func(visitor *http.Client) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		return visitor.Do(req)
	})
}

// visitContentItem stands in for a member's browser at the iMIS inside simsid: it opens the page with the content item, and posts what
// that has it post.
func visitContentItem(ctx context.Context, base string) error {
	return asBrowser(nil, func(visitor *http.Client) (*http.Response, error) {
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

// asBrowser makes a visit that ends at the listener's page.
func asBrowser(jar http.CookieJar, visit func(*http.Client) (*http.Response, error)) error {
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
	visitor := &http.Client{Timeout: 30 * time.Second, Transport: transport, Jar: jar}
	resp, err := visit(visitor)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || strings.HasPrefix(resp.Request.URL.Path, "/finished/") {
		return err
	}
	// It never came back to the listener: what the emulator shows then is an error page.
	return &hintedError{
		Code: exitUsage, Text: "the emulator answered with a page: " + heading(string(page)),
		Hints: []string{"see the page: add --no-browser, and open the address yourself", "check scopes and redirect URI"},
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
