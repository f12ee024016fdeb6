package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// apiHeadersVariable holds headers for APIs, 'Name: value', one a line.
const apiHeadersVariable = "SIMSID_API_HEADERS"

// keptHeader is one header as it lies in the store.
type keptHeader struct {
	Name    string   `json:"name"`
	Value   string   `json:"value"`
	Origins []string `json:"origins"` // of api_base, at the time that it was given
}

// apiHeaders are the headers that go with every call: those of the environment, to wherever api_base says, or else those in the store,
// each to where it was given for.
func (s *session) apiHeaders(ctx context.Context) ([]provider.APIHeader, error) {
	if text := s.secretVariable(apiHeadersVariable); text != "" {
		return s.headersOf(text)
	}
	secret, err := s.secret(ctx, tokenstore.APIHeaders, apiHeadersVariable)
	if err == nil && slices.Contains(s.gone, tokenstore.APIHeaders) {
		return nil, s.goneHeaders()
	}
	if err != nil || secret.IsZero() {
		return nil, err
	}
	kept, err := readHeaders(secret, s.profile.Name)
	if err != nil {
		return nil, err
	}
	var headers []provider.APIHeader
	for _, h := range kept {
		headers = append(headers, provider.APIHeader{Name: h.Name, Value: token.NewSecret(h.Value), Origins: h.Origins})
	}
	return headers, nil
}

// headersOf reads the headers in the environment.
func (s *session) headersOf(text string) ([]provider.APIHeader, error) {
	var headers []provider.APIHeader
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if err := checkAPIHeader(name, value); !ok || err != nil {
			return nil, &usageError{Problem: apiHeadersVariable + " has a line that isn't 'Name: value' of a header that can be given"}
		}
		headers = append(headers, provider.APIHeader{Name: name, Value: token.NewSecret(value), Origins: s.apiOrigins()})
	}
	return headers, nil
}

// apiBases are the addresses of api_base; the STS inside the binary is its own API, since userinfo is one.
func (s *session) apiBases() []string {
	if len(s.profile.APIBase) == 0 && s.embedded() {
		return []string{s.profile.Issuer}
	}
	return s.profile.APIBase
}

// apiOrigins are the origins of those.
func (s *session) apiOrigins() []string {
	var origins []string
	for _, base := range s.apiBases() {
		if u, err := url.Parse(base); err == nil {
			origins = append(origins, provider.Origin(u))
		}
	}
	return origins
}

func readHeaders(secret token.Secret, profile string) ([]keptHeader, error) {
	var kept []keptHeader
	if err := json.Unmarshal([]byte(secret.Reveal()), &kept); err != nil {
		return nil, &hintedError{Code: exitStore, Text: "the API headers in the store can't be read", Hints: []string{"give them anew: simsid profile edit " + profile + " --api-header-file HEADER=FILE"}}
	}
	return kept, nil
}

// checkAPIHeader refuses what can't be sent, or isn't the caller's to send.
func checkAPIHeader(name, value string) error {
	switch {
	case !isHeaderName(name):
		return errors.New("that is no name of a header")
	case slices.Contains(ownHeaders(), http.CanonicalHeaderKey(name)):
		return errors.New("simsid sends that one itself")
	case !isHeaderValue(value):
		return errors.New("its value has control characters")
	}
	return nil
}

// draftHeaders reads the headers that --api-header-file names: HEADER=FILE, with - for standard input or a prompt, and nothing to take one
// away.
func (a *app) draftHeaders(ctx context.Context, list []string, command string) (map[string]token.Secret, error) {
	headers := map[string]token.Secret{}
	stdin := 0
	for _, text := range list {
		name, file, ok := strings.Cut(text, "=")
		if slices.Contains(ownHeaders(), http.CanonicalHeaderKey(name)) && ok {
			return nil, &usageError{Problem: "--api-header-file " + http.CanonicalHeaderKey(name) + ": simsid sends that one itself, and no other can be kept in its place", Command: command}
		}
		if err := checkAPIHeader(name, ""); !ok || err != nil {
			return nil, &usageError{Problem: "--api-header-file must be HEADER=FILE, where the file holds the value, or - stands for standard input", Command: command}
		}
		name = http.CanonicalHeaderKey(name)
		if file == "-" {
			stdin++
		}
		if _, twice := headers[name]; twice || stdin > 1 {
			return nil, &usageError{Problem: "--api-header-file: one header is given twice, or standard input is", Command: command}
		}
		headers[name] = token.Secret{}
		if file == "" {
			continue
		}
		value, err := a.secretFile(ctx, file)
		if err != nil {
			return nil, err
		}
		if err := checkAPIHeader(name, value.Reveal()); err != nil {
			return nil, &usageError{Problem: fmt.Sprintf("--api-header-file %s: %v", name, err), Command: command}
		}
		headers[name] = value
	}
	return headers, nil
}

// checkHeaders refuses headers that could go nowhere.
func (s *session) checkHeaders(headers map[string]token.Secret) error {
	for _, value := range headers {
		if !value.IsZero() && len(s.apiBases()) == 0 {
			return &usageError{Problem: "--api-header-file needs api_base: a key is kept for the hosts that it is for", Command: "simsid profile edit", Hint: "give it too: --api-base https://api.example.com/"}
		}
	}
	return nil
}

// keepHeaders puts headers into the store beside those that are there.
func (s *session) keepHeaders(ctx context.Context, st *tokenstore.Store, headers map[string]token.Secret) error {
	if len(headers) == 0 {
		return nil
	}
	secret, err := st.Secret(ctx, tokenstore.APIHeaders)
	if err != nil {
		return err
	}
	var kept []keptHeader
	if !secret.IsZero() {
		if kept, err = readHeaders(secret, s.profile.Name); err != nil {
			return err
		}
	}
	for name, value := range headers {
		kept = slices.DeleteFunc(kept, func(h keptHeader) bool { return strings.EqualFold(h.Name, name) })
		if !value.IsZero() {
			kept = append(kept, keptHeader{Name: name, Value: value.Reveal(), Origins: s.apiOrigins()})
		}
	}
	if len(kept) == 0 {
		return st.SetSecret(ctx, tokenstore.APIHeaders, token.Secret{})
	}
	slices.SortFunc(kept, func(a, b keptHeader) int { return strings.Compare(a.Name, b.Name) })
	b, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return st.SetSecret(ctx, tokenstore.APIHeaders, token.NewSecret(string(b)))
}
