package token_test

import (
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

func TestSetValidFor(t *testing.T) {
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	access := token.NewSecret("a")
	tests := []struct {
		name string
		set  token.Set
		d    time.Duration
		want bool
	}{
		{"no access token", token.Set{Expiry: now.Add(time.Hour)}, 0, false},
		{"no access token, no expiry", token.Set{Refresh: access, ID: access}, 0, false},
		{"no expiry known", token.Set{Access: access}, time.Hour, true},
		{"long enough", token.Set{Access: access, Expiry: now.Add(3 * time.Minute)}, 2 * time.Minute, true},
		{"ends exactly then", token.Set{Access: access, Expiry: now.Add(2 * time.Minute)}, 2 * time.Minute, false},
		{"too short", token.Set{Access: access, Expiry: now.Add(time.Minute)}, 2 * time.Minute, false},
		{"ends now", token.Set{Access: access, Expiry: now}, 0, false},
		{"past", token.Set{Access: access, Expiry: now.Add(-time.Second)}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.set.ValidFor(now, tt.d); got != tt.want {
				t.Errorf("ValidFor(%s) = %t, want %t", tt.d, got, tt.want)
			}
		})
	}
}
