//go:build real

package real_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/simsid/simsid/test/provider"
)

// visitorVariable makes this test program the browser that simsid starts: it passes the address on to the server named here, which is the
// test's, so that the visitor's cookies outlive the program.
const visitorVariable = "SIMSID_TEST_VISITOR"

// visitTime bounds a visit.
const visitTime = time.Minute

func passOn(server, address string) int {
	ctx, cancel := context.WithTimeout(context.Background(), visitTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"?"+url.Values{"address": {address}}.Encode(), http.NoBody)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}

// visitor is a person whom simsid sends to addresses.
type visitor struct {
	t       *testing.T
	env     []string
	person  *provider.Visitor
	landing chan provider.Landing
}

func newVisitor(t *testing.T, user, decision string) *visitor {
	t.Helper()
	person, err := provider.NewVisitor(user, decision)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, person: person, landing: make(chan provider.Landing, 10)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), visitTime)
		defer cancel()
		landing, err := person.Visit(ctx, r.URL.Query().Get("address"))
		if err != nil {
			landing.Body = err.Error()
			w.WriteHeader(http.StatusInternalServerError)
		}
		v.landing <- landing
	}))
	t.Cleanup(server.Close)
	v.env = []string{"BROWSER=" + self, visitorVariable + "=" + server.URL}
	return v
}

// landed waits for the end of the next visit.
func (v *visitor) landed() provider.Landing {
	v.t.Helper()
	select {
	case l := <-v.landing:
		return l
	case <-time.After(visitTime):
		v.t.Fatal("nobody was sent anywhere")
		return provider.Landing{}
	}
}
