package tokenstore

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// BenchmarkCached is what the store adds to a cached read: opening it and reading the access token from the sealed file.
func BenchmarkCached(b *testing.B) {
	o := Options{
		Dir: b.TempDir() + "/store", Now: func() time.Time { return testTime }, Rand: rand.Reader, keyring: newFakeKeyring(),
		SealKey: identity(testIdentity),
	}
	for _, backend := range []Backend{File, Keyring} {
		bind := school
		bind.Profile = string(backend)
		s, err := Choose(b.Context(), o, bind, backend, "")
		if err != nil {
			b.Fatal(err)
		}
		set := setNo(1)
		set.Access, set.ID = token.NewSecret(strings.Repeat("a", 1500)), token.NewSecret(strings.Repeat("i", 1200))
		if err := s.Save(b.Context(), set, head); err != nil {
			b.Fatal(err)
		}
		b.Run(string(backend), func(b *testing.B) {
			for b.Loop() {
				s, err := Open(b.Context(), o, bind, "")
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.LoadCached(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
