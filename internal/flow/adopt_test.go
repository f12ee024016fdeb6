package flow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// cutOff answers with a body that ends in the middle.
func cutOff(body string) func(http.ResponseWriter, url.Values) {
	return func(w http.ResponseWriter, _ url.Values) {
		w.Header().Set("Content-Length", "100000")
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

const beginning = `{"access_token":"access-2","token_type":"Bearer","refresh_token":"refresh-2","id_tok`

// TestRefreshCutOff: the old refresh token may be used up, so the new one is kept, though the answer can't be used.
func TestRefreshCutOff(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, url.Values)
		fault  func(error) bool
	}{
		"cut by the network": {cutOff(beginning), func(err error) bool { return errors.As(err, new(*provider.UnavailableError)) }},
		"cut by the server": {func(w http.ResponseWriter, _ url.Values) { _, _ = io.WriteString(w, beginning) }, func(err error) bool {
			return errors.As(err, new(*provider.ResponseError))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRefreshing(t)
			r.sts.token = c.answer
			got, err := Refresh(t.Context(), r.request)
			if got != nil || !c.fault(err) || errors.Is(err, ErrLoginEnded) {
				t.Errorf("got %+v, %v", got, err)
			}
			want := r.before
			want.Refresh, want.RefreshSince = token.NewSecret("refresh-2"), start().Add(30*time.Minute)
			r.checkCalls(t, "lock", "load 1", "prepare", "provider", "refresh_token", "save 1", "unlock")
			r.checkSaves(t, want)
		})
	}
	t.Run("within the refresh token", func(t *testing.T) {
		r := newRefreshing(t)
		r.sts.token = cutOff(beginning[:len(beginning)-len(`h-2","id_tok`)])
		if got, err := Refresh(t.Context(), r.request); got != nil || err == nil {
			t.Errorf("got %+v, %v", got, err)
		}
		r.checkCalls(t, "lock", "load 1", "prepare", "provider", "refresh_token", "unlock")
		r.checkSaves(t)
	})
}

// TestAdoptRescues keeps of an answer that can't be used its refresh token, and nothing else.
func TestAdoptRescues(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*sts) func(http.ResponseWriter, url.Values)
		keep   error
		kept   bool
		text   string
	}{
		"cut off": {answer: func(*sts) func(http.ResponseWriter, url.Values) { return cutOff(beginning) }, kept: true, text: "its new refresh token is kept"},
		"somebody else's ID token": {answer: func(s *sts) func(http.ResponseWriter, url.Values) {
			return func(w http.ResponseWriter, _ url.Values) {
				writeJSON(w, http.StatusOK, s.tokens("2", map[string]any{"aud": "client-2"}))
			}
		}, kept: true, text: "audience"},
		"nothing new": {answer: func(s *sts) func(http.ResponseWriter, url.Values) {
			return func(w http.ResponseWriter, _ url.Values) {
				tokens := s.tokens("2", map[string]any{"aud": "client-2"})
				delete(tokens, "refresh_token")
				writeJSON(w, http.StatusOK, tokens)
			}
		}, text: "audience"},
		"and it can't be kept": {answer: func(*sts) func(http.ResponseWriter, url.Values) { return cutOff(beginning) }, kept: true, keep: errors.New("the disk is full"),
			text: "and the new refresh token: the disk is full"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSTS(t)
			s.token = c.answer(s)
			var kept []LoginResult
			result, err := Adopt(t.Context(), AdoptRequest{
				Provider: s.provider(), Client: s.client(), Refresh: token.NewSecret("elsewhere"), Clock: s.clock,
				Keep: func(_ context.Context, r *LoginResult) error {
					kept = append(kept, *r)
					return c.keep
				},
			})
			if result != nil || err == nil || !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("got %+v, %v", result, err)
			}
			var want []LoginResult
			if c.kept {
				want = []LoginResult{{Set: token.Set{Refresh: token.NewSecret("refresh-2"), SignedInAt: start()}}}
			}
			if !reflect.DeepEqual(kept, want) {
				t.Errorf("expected %+v, got %+v", want, kept)
			}
			if _, rescued := errors.AsType[*RescuedError](err); rescued != (c.kept && c.keep == nil) {
				t.Errorf("got %#v", err)
			}
		})
	}
}

// TestAdoptAccepts: of somebody who is refused nothing is kept, not even a new refresh token; who is taken is kept as he came.
func TestAdoptAccepts(t *testing.T) {
	s := newSTS(t)
	s.token = func(w http.ResponseWriter, _ url.Values) { writeJSON(w, http.StatusOK, s.tokens("2", nil)) }
	refused := errors.New("it is somebody else")
	for _, verdict := range []error{refused, nil} {
		var kept []*LoginResult
		result, err := Adopt(t.Context(), AdoptRequest{
			Provider: s.provider(), Client: s.client(), Refresh: token.NewSecret("elsewhere"), Clock: s.clock,
			Accept: func(context.Context, string) error { return verdict },
			Keep:   func(_ context.Context, r *LoginResult) error { kept = append(kept, r); return nil },
		})
		if verdict != nil {
			if result != nil || kept != nil || !errors.Is(err, refused) {
				t.Errorf("refused: got %+v, %v, kept %+v", result, err, kept)
			}
			continue
		}
		if err != nil || result == nil || len(kept) != 1 || kept[0] != result || result.Set.Refresh.Reveal() != "refresh-2" {
			t.Errorf("taken: got %+v, %v, kept %+v", result, err, kept)
		}
	}
}
