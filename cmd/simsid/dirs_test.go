//go:build !windows && !darwin

package main

import (
	"os/user"
	"testing"
)

// TestDirs: each folder, from the variable that says it down to the system's list of users.
func TestDirs(t *testing.T) {
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, home, xdg, own string
		config, state        string
	}{
		{"a home", "/home/ada", "", "", "/home/ada/.config/simsid", "/home/ada/.local/state/simsid"},
		{"XDG's folders", "/home/ada", "/x", "", "/x/simsid", "/x/simsid"},
		{"one of XDG's that isn't absolute", "/home/ada", "x", "", "/home/ada/.config/simsid", "/home/ada/.local/state/simsid"},
		{"simsid's own", "/home/ada", "/x", "/own", "/own", "/own"},
		{"no home", "", "", "", u.HomeDir + "/.config/simsid", u.HomeDir + "/.local/state/simsid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("HOME", test.home)
			for _, kind := range []string{"CONFIG", "STATE"} {
				t.Setenv("XDG_"+kind+"_HOME", test.xdg)
				t.Setenv("SIMSID_"+kind+"_DIR", test.own)
			}
			config, err := configDir()
			if err != nil || config != test.config {
				t.Errorf("config: got %q and %v, want %q", config, err, test.config)
			}
			state, err := stateDir()
			if err != nil || state != test.state {
				t.Errorf("state: got %q and %v, want %q", state, err, test.state)
			}
		})
	}
}

// A home that isn't absolute would be another folder wherever the program is called in: it is refused, but where another variable says it.
func TestDirsOfARelativeHome(t *testing.T) {
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "SIMSID_CONFIG_DIR", "SIMSID_STATE_DIR"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", "home")
	const want = "HOME isn't an absolute path"
	if dir, err := configDir(); err == nil || err.Error() != want {
		t.Errorf("config: got %q and %v", dir, err)
	}
	if dir, err := stateDir(); err == nil || err.Error() != want {
		t.Errorf("state: got %q and %v", dir, err)
	}
	t.Setenv("SIMSID_STATE_DIR", "/own")
	if dir, err := stateDir(); err != nil || dir != "/own" {
		t.Errorf("by its own variable: got %q and %v", dir, err)
	}
}
