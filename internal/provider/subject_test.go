package provider

import (
	"net/http"
	"reflect"
	"testing"
)

// An answer about somebody else than the one who signed in isn't used (OpenID Connect Core 5.3.2).
func TestUserinfoSubject(t *testing.T) {
	const five, tail = "1|g|head|SIMSID|a", "1|g|head|SIMSID|b"
	sims := Kind{SubjectOptional: true, SubjectTail: true}
	for _, c := range []struct {
		name, body, subject string
		kind                Kind
		want                error
	}{
		{"the same", `{"sub":"1"}`, "1", Kind{}, nil},
		{"not known what to expect", `{"sub":"1"}`, "", Kind{}, nil},
		{"another", `{"sub":"2"}`, "1", Kind{}, &SubjectError{Expected: "1", Got: "2"}},
		{"another, at SIMS ID", `{"sub":"2"}`, five, sims, &SubjectError{Expected: five, Got: "2"}},
		{"none", `{"name":"x"}`, "1", Kind{}, &SubjectError{Expected: "1"}},
		{"none, where it may be left out", `{"name":"x"}`, five, sims, nil},
		{"a number", `{"sub":1}`, "1", sims, &SubjectError{Expected: "1"}},
		{"another fifth part", `{"sub":"` + tail + `"}`, five, Kind{}, &SubjectError{Expected: five, Got: tail}},
		{"another fifth part, where it may change", `{"sub":"` + tail + `"}`, five, sims, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{"/userinfo": says(200, "application/json", c.body)})
			_, err := s.provider(c.kind).Userinfo(t.Context(), testToken, c.subject)
			if !reflect.DeepEqual(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}
