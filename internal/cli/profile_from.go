package cli

import (
	"context"
	"slices"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/token"
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

// copySecrets takes the secrets of the other profile that are for the same client at the same issuer, where none were given. They may
// lie beside a login of another client, from before the other profile was edited.
func (s *session) copySecrets(ctx context.Context, file *config.File, from string, d *draft) error {
	o, err := s.storeOptions()
	if err != nil {
		return err
	}
	r, kept, err := tokenstore.ReadRecord(o, from)
	if err != nil {
		return err
	}
	b := s.binding()
	same := b.Same(r.Binding(from))
	if !kept || !same && !sameClient(d.values, currentValues(file, from)) || r.KeyBeside {
		return nil
	}
	if same {
		d.backend = r.Backend
	}
	wanted := map[tokenstore.SecretKind]*token.Secret{}
	for kind, into := range map[tokenstore.SecretKind]*token.Secret{
		tokenstore.ClientSecret: &d.secret, tokenstore.ClientKey: &d.key, tokenstore.IntrospectionSecret: &d.introspection,
	} {
		if into.IsZero() && slices.Contains(r.Secrets, kind) {
			wanted[kind] = into
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	b.Profile = from
	st, err := tokenstore.OpenSecrets(ctx, o, b)
	if err != nil {
		return err
	}
	for kind, into := range wanted {
		if *into, err = st.Secret(ctx, kind); err != nil {
			return err
		}
		if !into.IsZero() {
			d.backend = r.Backend
		}
	}
	return nil
}

// sameClient reports whether two profiles' values name one client at one issuer.
func sameClient(one, other map[string][]string) bool {
	for _, key := range []string{"kind", "environment", "issuer", "client_id"} {
		if !slices.Equal(one[key], other[key]) {
			return false
		}
	}
	return true
}
