package cli

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// Bounds of the keys that are kept on disk. A key that the provider has withdrawn is taken for no longer than keysLast; one that it has
// added is fetched as soon as a token names it.
const (
	keysLast  = time.Hour
	mostKeys  = 32      // files
	longestJW = 2 << 20 // bytes of one
)

// keptKeys is one file of the cache: what a provider's tokens were held against, when it was last asked.
type keptKeys struct {
	Version    int             `json:"version"`
	Address    string          `json:"address"` // issuer, or the JWKS's own address
	Issuer     string          `json:"issuer,omitempty"`
	Algorithms []string        `json:"algorithms,omitempty"`
	JWKS       json.RawMessage `json:"jwks"`
	Fetched    time.Time       `json:"fetched"`
}

// keysPath is where the keys of an address are kept: in the folder keys of the state folder.
func (a *app) keysPath(address string) (string, error) {
	dir, err := a.stateFolder("keys")
	sum := sha256.Sum256([]byte(address))
	return filepath.Join(dir, hex.EncodeToString(sum[:12])+".json"), err
}

// loadKeys reads what is kept of an address; ok is false where there is nothing that may be used.
func (a *app) loadKeys(address string) (k keptKeys, ok bool) {
	path, err := a.keysPath(address)
	if err != nil {
		return k, false
	}
	f, err := os.Open(path)
	if err != nil {
		return k, false
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, longestJW))
	if err != nil || json.Unmarshal(text, &k) != nil || k.Version != 1 || k.Address != address {
		return k, false
	}
	age := a.env.Now().Sub(k.Fetched)
	return k, age >= 0 && age < keysLast
}

// keepKeys writes keys down for an hour. That it can't is no fault of the token's: the next command asks again.
func (a *app) keepKeys(k keptKeys) {
	path, err := a.keysPath(k.Address)
	if err != nil || len(k.JWKS) == 0 {
		return
	}
	dir := filepath.Dir(path)
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	k.Version, k.Fetched = 1, a.env.Now().UTC()
	text, err := json.Marshal(k)
	if err != nil || len(text) > longestJW {
		return
	}
	dropOldKeys(dir)
	f, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return
	}
	_, werr := f.Write(text)
	if err := cmp.Or(werr, f.Close()); err != nil || os.Rename(f.Name(), path) != nil {
		_ = os.Remove(f.Name())
	}
}

// dropOldKeys makes room for one file more.
func dropOldKeys(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < mostKeys {
		return
	}
	type file struct {
		name    string
		changed time.Time
	}
	var files []file
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			files = append(files, file{e.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return b.changed.Compare(a.changed) })
	for _, f := range files[min(mostKeys-1, len(files)):] {
		_ = os.Remove(filepath.Join(dir, f.name))
	}
}

// anchor makes something of kept keys that tokens can be held against.
func (k keptKeys) anchor(clock func() time.Time) (provider.Anchor, error) {
	keys, err := provider.ParseProviderJWKS(k.JWKS)
	return provider.Anchor{Keys: keys, Issuer: k.Issuer, Algorithms: k.Algorithms, Now: clock}, err
}

// said is where kept keys came from, for people.
func (a *app) said(k keptKeys) string {
	where := "the state folder"
	if path, err := a.keysPath(k.Address); err == nil {
		where = shortenHome(filepath.Dir(path), a.env.Getenv("HOME"))
	}
	return "the provider, kept in " + where + " since " + k.Fetched.In(a.env.Location()).Format("15:04")
}

// verifier holds tokens against the profile's provider's keys: those that are kept, or, where these don't do, those that it has now.
func (s *session) verifier(clock func() time.Time) verifier {
	return func(ctx context.Context, raw token.Secret, r provider.VerifyRequest) (*provider.Verification, string, error) {
		if k, ok := s.loadKeys(s.profile.Issuer); ok && !s.embedded() && s.pinnedAs(k.Issuer) {
			if v, ok := k.verify(raw, r, s.kind.SubjectTail, clock); ok {
				return v, s.said(k), nil
			}
		}
		p, err := s.provider(ctx)
		if err != nil {
			return nil, "", err
		}
		v, err := p.VerifyAt(ctx, clock, raw, r)
		if err == nil && !s.embedded() {
			s.keepProviderKeys(ctx, s.profile.Issuer, p)
		}
		return v, "the provider", err
	}
}

// pinnedAs reports whether an issuer that was kept is the one that the profile knows.
func (s *session) pinnedAs(issuer string) bool {
	return s.profile.PinnedIssuer == "" || s.profile.PinnedIssuer == issuer
}

// verify makes the checks by kept keys; ok is false where the signature isn't of one of them: the provider may have others by now.
func (k keptKeys) verify(raw token.Secret, r provider.VerifyRequest, tail bool, clock func() time.Time) (v *provider.Verification, ok bool) {
	a, err := k.anchor(clock)
	if err != nil {
		return nil, false
	}
	a.SubjectTail = tail
	v = a.Verify(raw, r)
	return v, slices.ContainsFunc(v.Checks, func(c provider.Check) bool { return c.Name == "signature" && c.Outcome == provider.Passed })
}

func (a *app) keepProviderKeys(ctx context.Context, address string, p *provider.Provider) {
	anchor, err := p.Anchor(ctx)
	if err != nil {
		return
	}
	a.keepKeys(keptKeys{Address: address, Issuer: anchor.Issuer, Algorithms: anchor.Algorithms, JWKS: anchor.Keys.JWKS()})
}

// issuerVerifier holds tokens against the keys of an issuer that was named, without a profile.
func (d *decoding) issuerVerifier(issuer string, clock func() time.Time) verifier {
	return func(ctx context.Context, raw token.Secret, r provider.VerifyRequest) (*provider.Verification, string, error) {
		if k, ok := d.loadKeys(issuer); ok && k.Issuer == issuer {
			if v, ok := k.verify(raw, r, false, clock); ok {
				return v, d.said(k), nil
			}
		}
		hc := d.plainHTTP()
		md, err := provider.Discover(ctx, hc, provider.DiscoverRequest{Issuer: issuer})
		if err != nil {
			return nil, "", err
		}
		p := &provider.Provider{Metadata: md, HTTP: hc, Now: clock}
		v, err := p.Verify(ctx, raw, r)
		if err == nil {
			d.keepProviderKeys(ctx, issuer, p)
		}
		return v, issuer, err
	}
}

// fetchedKeys reads a JWKS at an address that was named, or as it was kept.
func (d *decoding) fetchedKeys(ctx context.Context, address string) (provider.KeySet, error) {
	if k, ok := d.loadKeys(address); ok && k.Issuer == "" {
		if keys, err := provider.ParseJWKS(k.JWKS); err == nil && d.anySigned(keys) {
			return keys, nil
		}
	}
	keys, err := provider.FetchJWKS(ctx, d.plainHTTP(), address)
	if err == nil {
		d.keepKeys(keptKeys{Address: address, JWKS: keys.JWKS()})
	}
	return keys, err
}

// anySigned reports whether keys have signed every token that is to be explained: else the address may have newer ones.
func (d *decoding) anySigned(keys provider.KeySet) bool {
	a := provider.Anchor{Keys: keys, Now: func() time.Time { return d.now }}
	return !slices.ContainsFunc(d.tokens, func(t decodable) bool { return t.jwt != nil && !a.Signed(t.jwt) })
}

// plainHTTP is the back channel of no profile.
func (d *decoding) plainHTTP() *http.Client {
	return provider.NewHTTPClient(provider.HTTPOptions{Timeout: d.global.timeout, Now: d.env.Now, After: d.env.After, Trace: d.trace})
}
