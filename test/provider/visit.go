package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// The answers to give on the provider's pages.
const (
	Allow  = "allow"
	Refuse = "refuse"
)

// maxPages bounds the forms of one visit; maxPage a page.
const (
	maxPages = 10
	maxPage  = 1 << 20
)

// Visitor is a person at a browser without a screen or scripts: it keeps cookies from one visit to the next, follows redirects and fills in
// the provider's forms.
type Visitor struct {
	// User is the name to type where the provider asks for one.
	User string
	// Decision is the button to press, Allow or Refuse.
	Decision string

	client *http.Client
}

// NewVisitor returns a visitor who was nowhere yet.
func NewVisitor(user, decision string) (*Visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return &Visitor{User: user, Decision: decision, client: client}, nil
}

// Trust makes the visitor trust a certificate, as a browser does that was told to.
func (v *Visitor) Trust(certificate []byte) error {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(certificate) {
		return errors.New("no certificate in PEM")
	}
	v.client.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return nil
}

// Landing is where a visit ended: the first page without a form.
type Landing struct {
	Address *url.URL
	Status  int
	Body    string
}

// Visit opens an address, answers what it asks, and goes on until a page has nothing more to answer: for a login that is the page which
// simsid's own listener shows.
func (v *Visitor) Visit(ctx context.Context, address string) (Landing, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Landing{}, err
	}
	for range maxPages {
		at, err := load(v.client, req)
		if err != nil {
			return Landing{}, err
		}
		action, values, found := form(at.Body)
		if !found {
			return at, nil
		}
		if req, err = v.answer(ctx, at.Address, action, values); err != nil {
			return Landing{}, err
		}
	}
	return Landing{}, fmt.Errorf("visit %s: still asked after %d pages", address, maxPages)
}

func load(client *http.Client, req *http.Request) (Landing, error) {
	resp, err := client.Do(req)
	if err != nil {
		return Landing{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return Landing{}, fmt.Errorf("read %s: %w", resp.Request.URL, err)
	}
	return Landing{Address: resp.Request.URL, Status: resp.StatusCode, Body: string(body)}, nil
}

// answer presses the button. The names are those of pages.mjs and, for logout, of oidc-provider's own question.
func (v *Visitor) answer(ctx context.Context, page *url.URL, action string, values url.Values) (*http.Request, error) {
	target, err := page.Parse(action)
	if err != nil {
		return nil, fmt.Errorf("read the form's action: %w", err)
	}
	values.Set("login", v.User)
	values.Set("decision", v.Decision)
	if v.Decision == Allow {
		values.Set("logout", "yes")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req, nil
}

// form finds a page's form: where it goes, and the hidden values that go with it. The pages are simple enough for a lenient XML decoder.
func form(body string) (action string, values url.Values, found bool) {
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	values = url.Values{}
	for {
		tok, err := d.Token()
		if err != nil {
			// The end; or what isn't HTML, which has no form either.
			return action, values, found
		}
		e, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		at := map[string]string{}
		for _, a := range e.Attr {
			at[a.Name.Local] = a.Value
		}
		switch e.Name.Local {
		case "form":
			action, found = at["action"], true
		case "input":
			if at["type"] == "hidden" {
				values.Set(at["name"], at["value"])
			}
		}
	}
}
