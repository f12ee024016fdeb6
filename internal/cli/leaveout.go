package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
)

// leftOut takes those flags away whose empty value says that this sign-in isn't to be asked for what the profile asks for otherwise, and names
// their keys.
func leftOut(flags map[string][]string) []string {
	var keys []string
	for _, key := range []string{"prompt", "max_age", "login_hint", "ui_locales", "acr_values", "params"} {
		if values, given := flags[key]; given && strings.Join(values, "") == "" {
			delete(flags, key)
			keys = append(keys, key)
		}
	}
	return keys
}

// leaveOut takes keys out of the profile for this once. It says so where there was something: an empty value may come of a variable that isn't
// set, and max_age is asked for with a reason.
func (s *session) leaveOut(keys []string) {
	for _, key := range keys {
		was := s.profile.Values(key)
		switch key {
		case "prompt":
			s.profile.Prompt = ""
		case "max_age":
			s.profile.MaxAge = ""
		case "login_hint":
			s.profile.LoginHint = ""
		case "ui_locales":
			s.profile.UILocales = ""
		case "acr_values":
			s.profile.ACRValues = nil
		case "params":
			s.profile.Params = nil
		}
		if !slices.Equal(was, s.profile.Values(key)) {
			setting := slices.IndexFunc(config.Settings(), func(c config.Setting) bool { return c.Key == key })
			s.line("note", "%s", fmt.Sprintf("%s is left out for this once, as --%s without a value says", key, config.Settings()[setting].Flag))
		}
	}
}
