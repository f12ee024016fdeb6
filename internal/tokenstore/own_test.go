package tokenstore

import (
	"reflect"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// TestOwnToken: what a client's own token was asked for with is on record, stays there when another is kept in its place, and goes with
// the login.
func TestOwnToken(t *testing.T) {
	sum := Summary{Subject: "client sas", Own: true, OwnScopes: []string{"partner-read"}, OwnACRValues: []string{"orgselected:1", "x"}}
	type asked struct {
		own         bool
		scopes, acr []string
	}
	check := func(t *testing.T, r Record, want asked) {
		t.Helper()
		if got := (asked{r.Own, r.OwnScopes, r.OwnACRValues}); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	kept := asked{true, sum.OwnScopes, sum.OwnACRValues}
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			o, _ := k.options(t)
			s := choose(t, o, school, k.want)
			if err := s.Save(t.Context(), token.Set{Access: token.NewSecret("a"), Expiry: testTime.Add(time.Hour), SignedInAt: testTime}, sum); err != nil {
				t.Fatal(err)
			}
			check(t, open(t, o, school).Record(), kept)
			s = open(t, o, school)
			unlock, err := s.Lock(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer unlock()
			another := token.Set{Access: token.NewSecret("b"), Expiry: testTime.Add(2 * time.Hour), SignedInAt: testTime.Add(time.Hour)}
			if err := s.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.SaveRefreshed(t.Context(), another); err != nil {
				t.Fatal(err)
			}
			check(t, s.Record(), kept)
			r, ok, err := ReadRecord(o, school.Profile)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			check(t, r, kept)
			wantLoad(t, open(t, o, school), another)
			if err := s.Clear(t.Context()); err != nil {
				t.Fatal(err)
			}
			check(t, s.Record(), asked{})
		})
	}
	s := choose(t, Options{Now: time.Now}, school, Memory)
	if err := s.Save(t.Context(), token.Set{Access: token.NewSecret("a")}, sum); err != nil {
		t.Fatal(err)
	}
	check(t, s.Record(), kept)
}
