package provider

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// TestLoadKeys: keys that are being read already are read once, and a token waits for them.
func TestLoadKeys(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	s := serve(t, map[string]http.HandlerFunc{"/jwks": func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-answer
		saysJSON(t, object{"keys": []any{jwk(t, &testKeys().rsa.PublicKey, "k", nil)}})(w, r)
	}})
	p := s.provider(Kind{})
	p.LoadKeys(t.Context())
	p.LoadKeys(t.Context())
	<-asked
	verified := make(chan error)
	go func() {
		v, err := p.Verify(t.Context(), signedBy(t, s.URL+"/"), VerifyRequest{Use: Stored, ClientID: "me", MaxAge: -1})
		if err == nil {
			err = v.Err()
		}
		verified <- err
	}()
	close(answer)
	if err := <-verified; err != nil {
		t.Error(err)
	}
	p.LoadKeys(t.Context())
	if n := len(s.seen()); n != 1 {
		t.Errorf("the keys were read %d times", n)
	}
}

// TestLoadKeysFails: what failed beforehand is tried again when it is needed.
func TestLoadKeysFails(t *testing.T) {
	var times atomic.Int32
	s := serve(t, map[string]http.HandlerFunc{"/jwks": func(w http.ResponseWriter, r *http.Request) {
		if times.Add(1) == 1 {
			http.Error(w, "not yet", http.StatusInternalServerError)
			return
		}
		saysJSON(t, object{"keys": []any{jwk(t, &testKeys().rsa.PublicKey, "k", nil)}})(w, r)
	}})
	p := s.provider(Kind{})
	p.LoadKeys(t.Context())
	v, err := p.Verify(t.Context(), signedBy(t, s.URL+"/"), VerifyRequest{Use: Stored, ClientID: "me", MaxAge: -1})
	if err != nil || v.Err() != nil {
		t.Errorf("%v, %v", err, v.Err())
	}
	paths := []string{}
	for _, r := range s.seen() {
		paths = append(paths, r.Path)
	}
	if !slices.Equal(paths, []string{"/jwks", "/jwks"}) {
		t.Errorf("%v", paths)
	}
}

func signedBy(t *testing.T, issuer string) token.Secret {
	t.Helper()
	return sign(t, testKeys().rsa, object{"alg": "RS256", "kid": "k"}, object{
		"iss": issuer, "aud": "me", "sub": "u", "iat": now.Unix(), "exp": now.Unix() + 300,
	})
}
