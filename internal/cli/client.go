package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// client is who calls the provider, with its secret from the environment or the store.
func (s *session) client(ctx context.Context) (provider.Client, error) {
	c := provider.Client{ID: s.profile.ClientID, Auth: provider.AuthMethod(s.profile.ClientAuth), AnyAuth: !s.methodChosen()}
	switch c.Auth {
	case provider.AuthNone:
		return c, nil
	case provider.AuthPrivateKey:
		var err error
		s.signs = true
		c.Audience = provider.Audience(s.profile.AssertionAudience)
		c.Key, err = s.clientKey(ctx)
		return c, err
	case provider.AuthPost, provider.AuthBasic, provider.AuthBasicRaw:
	}
	secret, err := s.secret(ctx, tokenstore.ClientSecret, clientSecretVariable)
	if err != nil {
		return c, err
	}
	c.Secret = secret
	if secret.IsZero() {
		c.Secret = s.builtInSecret()
	}
	if c.Secret.IsZero() {
		if (s.kind.SecretRequired() || s.secretExpected()) && !s.forced {
			return c, s.missingSecret()
		}
		c.Auth = provider.AuthNone
	}
	return c, nil
}

// secretExpected reports whether a client without a secret would be another client than the user means: one was kept for this
// profile, or the profile says by which secret method it authenticates. A public client is none of both.
func (s *session) secretExpected() bool {
	if s.methodChosen() {
		return true
	}
	o, err := s.storeOptions()
	if err != nil {
		return false
	}
	r, ok, err := tokenstore.ReadRecord(o, s.profile.Name)
	return err == nil && ok && slices.Contains(r.Secrets, tokenstore.ClientSecret)
}

// methodChosen reports whether somebody has said how the client authenticates.
func (s *session) methodChosen() bool {
	return s.profile.Origins["client_auth"].Source != config.FromKind
}

// errNoSecret says that the client's secret is neither in the environment nor in the store, and errNoKey the same of its private key.
var (
	errNoSecret = errors.New("the client's secret is missing")
	errNoKey    = errors.New("the client's private key is missing")
)

func (s *session) missingSecret() error {
	e := &hintedError{Code: exitUsage, Err: errNoSecret, Text: fmt.Sprintf("profile %s has no client secret for %s", s.profile.Name, s.profile.ClientID)}
	if rule, ok := s.kind.Rule(provider.RuleClientSecret); ok {
		e.Text += fmt.Sprintf(": at %s %s (%s)", s.kind.Title, rule.Says, rule.Source)
	}
	e.Hints = s.secretHints("client-secret-file", clientSecretVariable)
	s.sayWithheld(e)
	if s.forcible {
		e.Hints = append(e.Hints, forceHint)
	}
	return e
}

// introspectionClient is the scope whose credentials the profile names; ok is false when it names none.
func (s *session) introspectionClient(ctx context.Context) (c provider.Client, ok bool, err error) {
	if s.profile.IntrospectionID == "" {
		return c, false, nil
	}
	secret, err := s.secret(ctx, tokenstore.IntrospectionSecret, introspectionSecretVariable)
	if err != nil {
		return c, false, err
	}
	if secret.IsZero() {
		e := &hintedError{Code: exitUsage,
			Text:  fmt.Sprintf("profile %s names %s for introspection, but its secret is missing", s.profile.Name, s.profile.IntrospectionID),
			Hints: s.secretHints("introspection-secret-file", introspectionSecretVariable)}
		s.sayWithheld(e)
		return c, false, e
	}
	auth := provider.AuthMethod(s.profile.ClientAuth)
	if auth == provider.AuthPrivateKey { // the scope has a secret, whatever the client has
		auth = s.kind.DefaultAuth
	}
	return provider.Client{ID: s.profile.IntrospectionID, Secret: secret, Auth: auth}, true, nil
}

// clientKey is what the client signs with: that of the file which the profile names, or the one in the store.
func (s *session) clientKey(ctx context.Context) (provider.ClientKey, error) {
	p := s.profile
	var text token.Secret
	var err error
	if p.ClientKey != "" {
		if text, err = s.keyFile(ctx, p.ClientKey); err != nil && !errors.Is(err, context.Canceled) {
			err = &hintedError{Code: exitUsage, Err: err, Hints: append(s.fileHints("client_key", p.ClientKey, err),
				"or keep the key in the store: simsid profile edit "+p.Name+" --client-key-file FILE")}
		}
	} else {
		text, err = s.secret(ctx, tokenstore.ClientKey, "")
	}
	switch {
	case err != nil:
		return provider.ClientKey{}, err
	case text.IsZero():
		return provider.ClientKey{}, s.missingKey()
	}
	key, err := parseKey(text, p)
	if e, ok := errors.AsType[*hintedError](err); ok && p.ClientKey != "" {
		e.Hints = append(e.Hints, "name the file with it: "+s.set("client_key", "FILE"))
	}
	return key, err
}

// parseKey reads the text of a key with what the profile says of it.
func parseKey(text token.Secret, p config.Profile) (provider.ClientKey, error) {
	k, err := provider.ParseClientKey(text, p.ClientKeyID, p.ClientKeyAlg)
	if e, ok := errors.AsType[*provider.KeyError](err); ok && e.Encrypted {
		file := p.ClientKey
		if word.File(file) != file || file == "" {
			file = "FILE"
		}
		return k, &hintedError{Code: exitUsage, Err: err, Hints: []string{
			"write it without a passphrase: openssl pkcs8 -topk8 -nocrypt -in " + shellWord(file) + " -out client-key.pem",
			"then keep that in the store: simsid profile edit " + p.Name + " --client-key-file client-key.pem",
		}}
	}
	if is[*provider.KeyError](err) {
		return k, &hintedError{Code: exitUsage, Err: err, Hints: []string{
			"it is a PEM file or a JWK: RSA of at least 2048 bits, EC on P-256, or Ed25519",
			"make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out client-key.pem",
		}}
	}
	return k, err
}

// keyFile reads a private key from a file, or from standard input for "-".
func (a *app) keyFile(ctx context.Context, name string) (token.Secret, error) {
	var b []byte
	var err error
	if name == "-" {
		b, err = readBounded(ctx, a.env.Stdin)
	} else {
		b, err = a.readFile(ctx, name)
	}
	if err != nil {
		return token.Secret{}, &hintedError{Code: exitUsage, Err: fmt.Errorf("read the client's private key: %w", err)}
	}
	return token.NewSecret(string(b)), nil
}

func (s *session) missingKey() error {
	e := &hintedError{Code: exitUsage, Err: errNoKey, Text: fmt.Sprintf("profile %s authenticates by private_key_jwt and has no private key", s.profile.Name)}
	e.Hints = []string{"name its file: " + s.set("client_key", "FILE")}
	if s.profile.Name != config.EnvProfile {
		e.Hints = []string{
			"keep it in the store, with - for standard input: simsid profile edit " + s.profile.Name + " --client-key-file FILE",
			"or read it from its file each time: " + s.set("client_key", "FILE"),
		}
	}
	s.sayWithheld(e)
	return e
}

// providerFor is the provider, once it is known to take the way in which the client authenticates.
func (s *session) providerFor(ctx context.Context, c provider.Client) (*provider.Provider, error) {
	p, err := s.provider(ctx)
	if err != nil {
		return nil, err
	}
	return p, s.checkMethod(c, p.Metadata)
}

// checkMethod refuses a way to authenticate that can't work here, before anybody has signed in.
func (s *session) checkMethod(c provider.Client, m provider.Metadata) error {
	err := m.CheckClient(c)
	unlisted, ok := errors.AsType[*provider.MethodError](err)
	switch {
	case errors.Is(err, provider.ErrColon):
		return &hintedError{Code: exitUsage, Err: err, Hints: []string{
			"send both in the body, or encoded: " + s.set("client_auth", "client_secret_post"), "or " + s.set("client_auth", "client_secret_basic")}}
	case !ok:
		return err
	case s.forced:
		return nil
	}
	e := &hintedError{Code: exitUsage, Err: err, Hints: []string{"it lists: " + render.Safe(strings.Join(unlisted.Listed, ", "))}}
	for _, method := range []provider.AuthMethod{provider.AuthBasic, provider.AuthPost, provider.AuthPrivateKey, provider.AuthNone} {
		if slices.Contains(unlisted.Listed, string(method)) {
			e.Hints = append(e.Hints, "choose one: "+s.set("client_auth", string(method)))
			break
		}
	}
	if s.forcible {
		e.Hints = append(e.Hints, forceHint)
	}
	return e
}

// checkIDTokens refuses a sign-in whose ID token could only be thrown away.
func (s *session) checkIDTokens(m provider.Metadata) error {
	err := m.CheckIDTokens()
	if err == nil || s.forced || !s.asksFor(s.flow).IDToken || !slices.Contains(s.profile.Scopes, "openid") {
		return nil
	}
	return &hintedError{Code: exitUsage, Err: err, Hints: []string{
		"have its operator sign ID tokens by RS256, as OpenID Connect Core 15.1 asks of every provider",
		forceHint,
	}}
}
