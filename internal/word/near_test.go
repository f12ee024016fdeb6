package word

import "testing"

func TestNearest(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"client-id", "client_id"},
		{"clientId", "client_id"},
		{"cliend_id", "client_id"},
		{"scope", "scopes"},
		{"redirect_url", "redirect_uri"},
		{"isuser", "issuer"},
		{"enviroment", "environment"},
		{"stroe", "store"},
		{"kid", "kind"},
		{"id", ""},
		{"st", ""},
		{"", ""},
		{"colour", ""},
		{"query", ""},
	} {
		if got := Nearest(c.word, []string{"kind", "environment", "issuer", "client_id", "scopes", "redirect_uri", "store"}); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"kitten", "sitting", 3},
		{"ca", "abc", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
