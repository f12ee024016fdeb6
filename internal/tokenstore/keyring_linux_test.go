package tokenstore

import (
	"errors"
	"testing"
)

func TestNoBusMeansNoKeyring(t *testing.T) {
	dir := t.TempDir()
	for name, env := range map[string]map[string]string{
		"nothing is set":                    nil,
		"a launcher's address":              {"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"},
		"a launcher's address with a scope": {"DBUS_SESSION_BUS_ADDRESS": "autolaunch:scope=*user"},
		"a runtime folder without a bus":    {"XDG_RUNTIME_DIR": dir},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Getenv: func(n string) string { return env[n] }}
			k := newSystemKeyring(o)
			if _, err := k.get(t.Context(), "a/b"); !errors.Is(err, ErrAbsent) {
				t.Errorf("get: %v, want ErrAbsent", err)
			}
			if err := k.set(t.Context(), "a/b", "x"); !errors.Is(err, ErrAbsent) {
				t.Errorf("set: %v, want ErrAbsent", err)
			}
		})
	}
}
