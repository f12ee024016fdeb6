package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// keyOptions say which keys tokens are to be verified with.
type keyOptions struct {
	jwks       string // file or address
	key        string // PEM file
	secretFile string
	secretEnv  string
}

func (k *keyOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&k.jwks, "jwks", "", "verify with the keys of this file or https address (JWKS)")
	f.StringVar(&k.key, "key", "", "verify with the public key or certificate in this PEM file")
	f.StringVar(&k.secretFile, "hmac-secret-file", "", "verify HS256, HS384 or HS512 with the secret in this file; - reads standard input")
	f.StringVar(&k.secretEnv, "hmac-secret-env", "", "verify HS256, HS384 or HS512 with the secret in this environment variable")
}

func (k *keyOptions) given() bool { return k.jwks+k.key+k.secretFile+k.secretEnv != "" }

func (k *keyOptions) fromStdin() bool { return k.jwks == "-" || k.key == "-" || k.secretFile == "-" }

func (k *keyOptions) onNetwork() bool { return isWebAddress(k.jwks) }

func isWebAddress(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

func (k *keyOptions) check() error {
	n := 0
	for _, v := range []string{k.jwks, k.key, k.secretFile, k.secretEnv} {
		if v != "" {
			n++
		}
	}
	if n > 1 {
		return &usageError{Problem: "--jwks, --key, --hmac-secret-file and --hmac-secret-env exclude each other", Command: "simsid decode"}
	}
	return nil
}

// verifier makes the checks of a token, and says where the keys came from.
type verifier func(context.Context, token.Secret, provider.VerifyRequest) (*provider.Verification, string, error)

// verifier chooses whose keys are used: those that were named, or the profile's provider's, or those of --issuer. nil: there are none.
// An address that the token names is never asked.
func (d *decoding) verifier(ctx context.Context) (verifier, error) {
	clock := func() time.Time { return d.now }
	issuer := ""
	if f := d.o.cmd.Flags().Lookup("issuer"); f.Changed {
		issuer = f.Value.String()
	}
	switch {
	case d.o.keys.given():
		keys, from, err := d.givenKeys(ctx)
		if err != nil {
			return nil, err
		}
		if d.session != nil {
			issuer = d.session.profile.Issuer
			if d.session.profile.PinnedIssuer != "" {
				issuer = d.session.profile.PinnedIssuer
			}
		}
		a := provider.Anchor{Keys: keys, Issuer: issuer, Now: clock}
		return func(_ context.Context, raw token.Secret, r provider.VerifyRequest) (*provider.Verification, string, error) {
			return a.Verify(raw, r), from, nil
		}, nil
	case d.session != nil:
		return d.session.verifier(clock), nil
	case issuer != "":
		return d.issuerVerifier(issuer, clock), nil
	}
	return nil, nil
}

// givenKeys reads the keys that the user has named.
func (d *decoding) givenKeys(ctx context.Context) (keys provider.KeySet, from string, err error) {
	k := d.o.keys
	var text []byte
	switch {
	case k.onNetwork():
		keys, err = d.fetchedKeys(ctx, k.jwks)
		return keys, k.jwks, keysError(k.jwks, err)
	case k.secretEnv != "":
		keys, err = provider.SharedSecret([]byte(d.env.Getenv(k.secretEnv)))
		return keys, k.secretEnv, keysError(k.secretEnv, err)
	}
	name, read := k.jwks, provider.ParseJWKS
	switch {
	case k.key != "":
		name, read = k.key, provider.ParsePEM
	case k.secretFile != "":
		name, read = k.secretFile, provider.SharedSecret
	}
	from = name
	if name == "-" {
		text, err = readBounded(ctx, d.env.Stdin)
		name, from = "standard input", "standard input"
	} else {
		text, err = d.readFile(ctx, name)
	}
	if err == nil {
		keys, err = read(text)
	}
	return keys, from, keysError(name, err)
}

// keysError says of which source there are no keys.
func keysError(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case is[*provider.KeySetError](err) && strings.Contains(err.Error(), "is a public key"):
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("no secret from %s: %v", name, err),
			Hints: []string{"verify by it as a public key: simsid decode --key " + shellWord(name) + ", or --jwks for a JWK set"}}
	case is[*provider.KeySetError](err):
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("no keys from %s: %v", name, err),
			Hints: []string{"--jwks reads a JWKS; a public key in PEM is for simsid decode --key: openssl pkey -in KEY -pubout"}}
	case is[*provider.UnavailableError](err):
		return err
	}
	return &hintedError{Code: exitUsage, Err: fmt.Errorf("read the keys: %w", err)}
}
