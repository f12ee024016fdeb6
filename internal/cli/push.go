package cli

import (
	"context"
	"time"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// pushes decides whether the request is pushed (RFC 9126): where the provider offers it, unless the profile says otherwise.
func (s *session) pushes(m provider.Metadata) (bool, error) {
	offered := m.PushedEndpoint != ""
	switch {
	case s.profile.PAR == "true" && !offered:
		return false, &hintedError{Code: exitUsage, Text: "the request is to be pushed (par), and the provider has no endpoint for it",
			Hints: []string{"leave it to the provider's metadata: " + s.set("par", "")}}
	case m.PushedRequired && !offered && !s.forced:
		return false, &hintedError{Code: exitUsage, Text: "the provider takes no request that wasn't pushed, and its metadata name no endpoint for that (RFC 9126 section 5)",
			Hints: []string{"tell the provider's operator: pushed_authorization_request_endpoint is missing", forceHint}}
	case s.profile.PAR == "false" && m.PushedRequired && !s.forced:
		return false, &hintedError{Code: exitUsage, Text: "the request isn't to be pushed (par), and the provider takes no other (RFC 9126 section 5)",
			Hints: []string{"leave it to the provider's metadata: " + s.set("par", ""), forceHint}}
	}
	return offered && s.profile.PAR != "false", nil
}

// push completes a request that is to be pushed with who sends it: the client authenticates already then.
func (s *session) push(ctx context.Context, r *flow.LoginRequest, client *provider.Client) (err error) {
	if r.Push, err = s.pushes(r.Provider.Metadata); err != nil || !r.Push {
		return err
	}
	if client == nil {
		c, err := s.client(ctx)
		if err != nil {
			return err
		}
		client = &c
	}
	r.Client = *client
	s.hinted = false // the ID token isn't in the address
	return s.checkMethod(*client, r.Provider.Metadata)
}

// goodFor says how long an address can be visited, "" for one without an end.
func (s *session) goodFor(e flow.Address) string {
	if e.Expires.IsZero() {
		return ""
	}
	return "The address is good once, for " + render.Duration(e.Expires.Sub(s.env.Now()).Round(time.Second)) + "."
}
