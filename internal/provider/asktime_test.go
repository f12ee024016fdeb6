package provider

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

// Any answer tells the time, a refusal and a redirect included; nothing is followed and nothing of the user's is sent.
func TestAskTime(t *testing.T) {
	for name, status := range map[string]int{"a page": 200, "a refusal": 403, "a redirect": 301} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodHead || r.Header.Get("Authorization")+r.Header.Get("Cookie")+r.URL.RawQuery != "" {
					t.Errorf("asked by %s with %v", r.Method, r.Header)
				}
				w.Header().Set("Date", now.Add(-time.Hour).Format(http.TimeFormat))
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
			}})
			told := &ServerClock{}
			if err := AskTime(t.Context(), HTTPOptions{Now: clock, Clock: told}, s.host()); err != nil {
				t.Fatal(err)
			}
			ahead, known := told.Ahead()
			if !known || ahead.Round(time.Minute) != time.Hour {
				t.Errorf("%s ahead, known %t", ahead, known)
			}
			if n := len(s.seen()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
	told := &ServerClock{}
	err := AskTime(t.Context(), HTTPOptions{Now: clock, Clock: told}, "127.0.0.1:1")
	if _, known := told.Ahead(); known {
		t.Error("nobody told the time")
	}
	if _, ok := errors.AsType[*UnavailableError](err); !ok {
		t.Errorf("got %v", err)
	}
}
