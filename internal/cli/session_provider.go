package cli

import (
	"context"
	"crypto/x509"
	"slices"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// prepareHTTP makes the back channel: the network, or for an embedded kind the STS in this process.
func (s *session) prepareHTTP(ctx context.Context) error {
	if s.hc != nil {
		return nil
	}
	s.clock = &provider.ServerClock{}
	o := provider.HTTPOptions{Timeout: s.global.timeout, Now: s.env.Now, After: s.env.After, Clock: s.clock, Trace: s.trace}
	if s.embedded() {
		if err := s.startEmbedded(); err != nil {
			return err
		}
		o.Base = s.sts.Transport()
	} else {
		var err error
		if o.Trust, err = s.trusted(ctx); err != nil {
			return err
		}
		if err := s.checkProxy(); err != nil {
			return err
		}
	}
	s.hc = provider.NewHTTPClient(o)
	return nil
}

// embedded reports whether a site inside the binary answers this profile.
func (s *session) embedded() bool { return s.kind.EmbeddedAt(s.profile.Issuer) }

// trustedAuthority is the CA of the emulators that this user serves, nil while there is none.
func (s *session) trustedAuthority() (*x509.Certificate, error) {
	dir, err := s.stateFolder("emulator")
	if err != nil {
		return nil, err
	}
	return emulator.TrustedAuthority(dir)
}

// provider discovers the profile's provider, once.
func (s *session) provider(ctx context.Context) (*provider.Provider, error) {
	if s.prov != nil {
		return s.prov, nil
	}
	if err := s.prepareHTTP(ctx); err != nil {
		return nil, err
	}
	s.note("reading the metadata of %s", s.profile.Issuer)
	md, err := provider.Discover(ctx, s.hc, provider.DiscoverRequest{Kind: s.kind, Issuer: s.profile.Issuer, Pinned: s.profile.PinnedIssuer})
	if err != nil {
		return nil, err
	}
	s.pin(ctx, md.Issuer)
	s.prov = &provider.Provider{Kind: s.kind, Metadata: md, ClientID: s.profile.ClientID, HTTP: s.hc, Now: s.env.Now, Rand: s.env.Rand, Clock: s.clock}
	return s.prov, nil
}

// pin writes the issuer into the profile as the provider spelled it the first time, where the kind leaves its spelling open.
// From then on it is compared byte for byte.
func (s *session) pin(ctx context.Context, issuer string) {
	p := s.profile
	if !s.kind.IssuerSlash || s.embedded() || p.PinnedIssuer != "" || p.Overridden("issuer") || !s.file.Has(p.Name) {
		return
	}
	if err := config.Set(ctx, s.file.Path(), p.Name, "pinned_issuer", []string{issuer}); err != nil {
		s.line("warning", "the issuer's spelling could not be pinned: %v", err)
		return
	}
	s.profile.PinnedIssuer = issuer
}

// binding says whose login this session's is.
func (s *session) binding() tokenstore.Binding {
	return tokenstore.Binding{Profile: s.profile.Name, Issuer: s.profile.Issuer, ClientID: s.profile.ClientID}
}

// secret takes one from the environment, or else from the store on record if there is one. What is stored for another issuer or
// client isn't given out; a login of another one that lies beside it doesn't count.
func (s *session) secret(ctx context.Context, kind tokenstore.SecretKind, variable string) (token.Secret, error) {
	if v := s.secretVariable(variable); v != "" {
		return secretOf(variable, v)
	}
	st := s.keep
	if st == nil || st.Backend() == tokenstore.Memory {
		// Where secrets are kept doesn't depend on where the tokens of this login are to go.
		o, err := s.storeOptions()
		if err != nil {
			return token.Secret{}, err
		}
		st, err = tokenstore.OpenSecrets(ctx, o, s.binding())
		switch {
		case isNoLogin(err):
			return token.Secret{}, nil
		case err != nil:
			return token.Secret{}, err
		}
	}
	v, err := st.Secret(ctx, kind)
	if err != nil || !v.IsZero() {
		return v, err
	}
	kept, ok, err := st.Withheld(ctx, kind)
	if ok {
		s.withheld = &kept
	} else if err == nil && slices.Contains(st.Record().Secrets, kind) {
		s.gone = append(s.gone, kind)
	}
	return v, err
}

// secretVariable reads a secret from the environment, but for the emulator's own clients, which have theirs.
func (s *session) secretVariable(variable string) string {
	if config.BuiltIn(s.profile.Name) && describesClient(variable) {
		return ""
	}
	return s.env.Getenv(variable)
}
