package provider

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

func TestRefreshTokenIn(t *testing.T) {
	for body, want := range map[string]string{
		`{"refresh_token":"r"`:  "r",
		`{"refresh_token":"r"}`: "r",
		`{"refresh_token":"r","access_token":"cut off in the mid`:  "r",
		`{"id_token":{"a":[1,2]},"refresh_token":"r",`:             "r",
		"\xef\xbb\xbf {\"refresh_token\":\"r\"":                    "r",
		`{"refresh_token":"r"}<html>`:                              "r",
		`{"refresh_token":"one","refresh_token":"two","a":`:        "two",
		`{"refresh_token":"one","refresh_token":"tw`:               "one",
		`{"refresh_token":"r","access_token":"\ud800","access_tok`: "r",
		`{"refresh_token":"one of \u0032"`:                         "one of 2",
		`{"refresh_token":"r","x":nonsense}`:                       "r",
		`{"refresh_tok`:                                            "",
		`{"refresh_token":"cut o`:                                  "",
		`{"refresh_token":7,"a":"b"}`:                              "",
		`{"refresh_token":{"refresh_token":"r"}}`:                  "",
		`{"a":{"refresh_token":"r"}}`:                              "",
		`[{"refresh_token":"r"}]`:                                  "",
		`{"refresh_token":"\u001b[31m"}`:                           "",
		`{"refresh_token":"é"}`:                                    "",
		`{"x":` + strings.Repeat("[", 200000):                      "",
		`{"refresh_token":"r","x":` + strings.Repeat("[", 200000):  "r",
		"": "", "<html>": "", "null": "", `"refresh_token"`: "",
	} {
		if got := refreshTokenIn([]byte(body)).Reveal(); got != want {
			t.Errorf("%.80s: expected %q, got %q", body, want, got)
		}
	}
}

// cut answers with a body that ends early, and breaks the connection.
func cut(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100000")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// TestRefreshIsRescued: what came of an answer that can't be used has the refresh token, and nothing else of it.
func TestRefreshIsRescued(t *testing.T) {
	const whole = `{"access_token":"a","token_type":"Bearer","refresh_token":"new"`
	unavailable := func(err error) bool { e, ok := errors.AsType[*UnavailableError](err); return ok && e.Sent }
	broken := func(err error) bool { return errors.As(err, new(*ResponseError)) }
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		fault  func(error) bool
		want   string
	}{
		{"cut behind it", cut(200, whole+`,"id_tok`), unavailable, "new"},
		{"cut right behind it", cut(200, whole), unavailable, "new"},
		{"cut within it", cut(200, whole[:len(whole)-1]), unavailable, ""},
		{"complete by its length, and yet cut", says(200, "application/json", whole), broken, "new"},
		{"a member twice", says(200, "application/json", whole+`,"token_type":"x"}`), broken, "new"},
		{"something behind the object", says(200, "application/json", whole+`} trailer`), broken, "new"},
		{"too long", says(200, "application/json", whole+`,"pad":"`+strings.Repeat("x", MaxAnswer)+`"}`), broken, "new"},
		{"an error that is cut", cut(400, `{"refresh_token":"new",`), unavailable, ""},
		{"an error", says(500, "application/json", whole+"}"), func(err error) bool { return errors.As(err, new(*UnavailableError)) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/token": c.answer})
			got, err := s.provider(Kind{}).Refresh(t.Context(), testClient, token.NewSecret("old"))
			if !c.fault(err) {
				t.Errorf("%v", err)
			}
			if want := (TokenResponse{Set: token.Set{Refresh: token.NewSecret(c.want)}}); !reflect.DeepEqual(got, want) {
				t.Errorf("expected %q, got %+v, %q", c.want, got, got.Set.Refresh.Reveal())
			}
			if strings.Contains(fmt.Sprint(err), "new") {
				t.Errorf("the error holds it: %v", err)
			}
		})
	}
}

// TestNothingToRescue has no connection at all.
func TestNothingToRescue(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	p := &Provider{Metadata: Metadata{TokenEndpoint: "http://" + l.Addr().String()}, Now: clock, HTTP: NewHTTPClient(HTTPOptions{})}
	if got, err := p.Refresh(t.Context(), testClient, token.NewSecret("old")); err == nil || !reflect.DeepEqual(got, TokenResponse{}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzRefreshTokenIn(f *testing.F) {
	f.Add([]byte(`{"access_token":"a","refresh_token":"new","x":{"y":[1,`))
	f.Add([]byte(`{"refresh_token":"a","refresh_token":"b"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := refreshTokenIn(body)
		if !printable(got.Reveal()) {
			t.Fatalf("%q", got.Reveal())
		}
		o, err := token.ParseObject(body)
		if err != nil {
			return
		}
		// Where the whole can be read, both readers agree.
		if want, problem := tokenMember(o, "refresh_token"); problem == "" && !want.Equal(got) {
			t.Fatalf("expected %q, got %q", want.Reveal(), got.Reveal())
		}
	})
}
