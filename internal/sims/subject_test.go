package sims_test

import (
	"testing"

	"github.com/simsid/simsid/internal/sims"
)

const sub = "1001|" + userA + "|m.ellis|idsrv|0d000000-0000-4000-8000-000000000009"

func TestParseSubject(t *testing.T) {
	tests := []struct {
		sub  string
		want sims.Subject
		ok   bool
	}{
		{sub, sims.Subject{NumericID: "1001", GUID: userA, LoginName: "m.ellis", Provider: "idsrv", Session: "0d000000-0000-4000-8000-000000000009"}, true},
		{"1|g|||", sims.Subject{NumericID: "1", GUID: "g"}, true},
		{"|g|l|p|s", sims.Subject{}, false},
		{"1||l|p|s", sims.Subject{}, false},
		{"||||", sims.Subject{}, false},
		{"1|g|l|p", sims.Subject{}, false},
		{"1|g|l|p|s|x", sims.Subject{}, false},
		{"248289761001", sims.Subject{}, false},
		{"", sims.Subject{}, false},
	}
	for _, tt := range tests {
		if got, ok := sims.ParseSubject(tt.sub); got != tt.want || ok != tt.ok {
			t.Errorf("ParseSubject(%q) = %+v, %t, want %+v, %t", tt.sub, got, ok, tt.want, tt.ok)
		}
	}
}

func TestSameSubject(t *testing.T) {
	tests := []struct {
		a, b          string
		same, changed bool
	}{
		{sub, sub, true, false},
		{"248289761001", "248289761001", true, false},
		{"1|g|l|p|s", "1|g|l|p|t", true, true},
		{"1|g|l|p|s", "1|g|l|p|", true, true},
		{"1|g|l|p|s", "2|g|l|p|s", false, false},
		{"1|g|l|p|s", "1|h|l|p|s", false, false},
		{"1|g|l|p|s", "1|g|m|p|s", false, false},
		{"1|g|l|p|s", "1|g|l|q|s", false, false},
		{"1|g|l|p|s", "1|g|l|p", false, false},
		{"1|g|l|p", "1|g|l|q", false, false},
		{"1|g|l|p|s|t", "1|g|l|p|s|u", false, false},
		{"||||s", "||||t", false, false},
		{"a", "b", false, false},
		{"", "", false, false},
		{"", sub, false, false},
	}
	for _, tt := range tests {
		for _, pair := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if same, changed := sims.SameSubject(pair[0], pair[1]); same != tt.same || changed != tt.changed {
				t.Errorf("SameSubject(%q, %q) = %t, %t, want %t, %t", pair[0], pair[1], same, changed, tt.same, tt.changed)
			}
		}
	}
}
