package cli

import (
	"context"
	"slices"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/tokenstore"
)

// draftFrom fills a draft with another profile's keys, beneath what the flags say.
func (a *app) draftFrom(file *config.File, from string, d *draft) error {
	if from == "" {
		return nil
	}
	values := currentValues(file, from)
	switch {
	case config.BuiltIn(from):
		for key, v := range builtIn(from) {
			if values[key] == nil {
				values[key] = v
			}
		}
	case !file.Has(from):
		return a.unknownProfile(from)
	}
	given := func(key string) bool { return d.values[key] != nil }
	if given("kind") || given("environment") || given("issuer") {
		delete(values, "pinned_issuer") // it is another provider's
	}
	if given("kind") {
		delete(values, "environment")
	}
	if given("kind") || given("environment") {
		delete(values, "issuer")
	}
	for key, v := range values {
		if !given(key) {
			d.values[key] = v
		}
	}
	return nil
}

// copySecrets takes the secrets of the other profile where they are for the same client at the same issuer, and none were
// given.
func (s *session) copySecrets(ctx context.Context, from string, d *draft) error {
	o, err := s.storeOptions()
	if err != nil {
		return err
	}
	r, kept, err := tokenstore.ReadRecord(o, from)
	if err != nil {
		return err
	}
	b := s.binding()
	if !kept || !b.Same(r.Binding(from)) || r.KeyBeside {
		return nil
	}
	b.Profile = from
	st, err := tokenstore.Open(ctx, o, b, "")
	if err != nil {
		return err
	}
	d.backend = r.Backend
	if d.secret.IsZero() && slices.Contains(r.Secrets, tokenstore.ClientSecret) {
		if d.secret, err = st.Secret(ctx, tokenstore.ClientSecret); err != nil {
			return err
		}
	}
	if d.key.IsZero() && slices.Contains(r.Secrets, tokenstore.ClientKey) {
		if d.key, err = st.Secret(ctx, tokenstore.ClientKey); err != nil {
			return err
		}
	}
	if d.introspection.IsZero() && slices.Contains(r.Secrets, tokenstore.IntrospectionSecret) {
		d.introspection, err = st.Secret(ctx, tokenstore.IntrospectionSecret)
	}
	return err
}
