package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/tokenstore"
)

// recordedKeys are the keys of a profile that a login goes on by. What was asked of one sign-in alone is none of them, and neither is where the
// login is kept, which is on record anyway.
func recordedKeys() []string {
	return []string{
		"kind", "environment", "issuer", "client_id", "client_auth", "client_key", "client_key_id", "client_key_alg", "assertion_audience", "flow", "scopes",
		"redirect_uri", "listen", "tls_cert", "tls_key", "ca_file", "response_type", "response_mode", "par", "post_logout_redirect_uri", "refresh_usage",
		"refresh_lifetime", "api_base",
	}
}

// settings are what a login puts on record of its profile, as "key=value": what follows from the kind is left out.
func (s *session) settings() []string {
	var list []string
	for _, key := range recordedKeys() {
		if key != "kind" && s.profile.Origins[key].Source == config.FromKind {
			continue
		}
		for _, v := range s.profile.Values(key) {
			if v == "" {
				continue
			}
			if slices.Contains([]string{"client_key", "tls_cert", "tls_key", "ca_file"}, key) {
				if whole, err := filepath.Abs(v); err == nil { // the next command may run in another folder
					v = whole
				}
			}
			list = append(list, key+"="+v)
		}
	}
	if s.own != nil { // another token would be got by others
		for _, param := range s.own.params {
			list = append(list, "params="+param)
		}
	}
	return list
}

// recorded are the settings that the login of a profile was made with, by key; nil where none are on record.
func (a *app) recorded(profile string) map[string][]string {
	o, err := a.storeOptions()
	if err != nil {
		return nil
	}
	r, ok, err := tokenstore.ReadRecord(o, profile)
	if err != nil || !ok || len(r.Settings) == 0 {
		return nil
	}
	values := map[string][]string{}
	for _, setting := range r.Settings {
		if key, v, ok := strings.Cut(setting, "="); ok && slices.Contains(recordedKeys(), key) {
			values[key] = append(values[key], v)
		}
	}
	return values
}

// nobodyOnRecord reports whether a profile is on record without a login.
func (a *app) nobodyOnRecord(profile string) bool {
	o, err := a.storeOptions()
	if err != nil {
		return false
	}
	r, ok, err := tokenstore.ReadRecord(o, profile)
	return err == nil && (!ok || r.SignedInAt.IsZero() && !r.Refreshable)
}
