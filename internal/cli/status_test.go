package cli

import (
	"testing"
	"time"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/tokenstore"
)

// TestStatusOfAClientsOwnToken: one that has ended is renewed only where the client can authenticate.
func TestStatusOfAClientsOwnToken(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ended := tokenstore.Record{Backend: tokenstore.File, Issuer: "https://sts.example/", SignedInAt: now.Add(-2 * time.Hour), Expiry: now.Add(-time.Hour), Own: true}
	for _, row := range []struct {
		name, secret string
		kept         []tokenstore.SecretKind
		want         string
	}{
		{name: "no secret", want: "expired"},
		{name: "in the environment", secret: "x", want: "expired, can refresh"},
		{name: "in the store", kept: []tokenstore.SecretKind{tokenstore.ClientSecret}, want: "expired, can refresh"},
		{name: "a key in the store", kept: []tokenstore.SecretKind{tokenstore.ClientKey}, want: "expired, can refresh"},
		{name: "another secret", kept: []tokenstore.SecretKind{tokenstore.APIHeaders}, want: "expired"},
	} {
		a := &app{env: Env{Now: func() time.Time { return now }, Getenv: func(name string) string {
			if name == clientSecretVariable {
				return row.secret
			}
			return ""
		}}}
		r := ended
		r.Secrets = row.kept
		if got := a.statusRow(&config.File{}, "ci", r, true).State; got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}
