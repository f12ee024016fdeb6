//go:build real && linux

package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAgeProgram opens what simsid seals with the age program: nobody needs simsid to get at their own tokens.
func TestAgeProgram(t *testing.T) {
	s := newSTS(t)
	t.Run("sealed to a key of age-keygen", func(t *testing.T) {
		u := newUser(t, s, "file")
		key := filepath.Join(t.TempDir(), "age.txt")
		age(t, "age-keygen", "-o", key)
		u.env = append(u.env, "SIMSID_STORE_KEY_FILE="+key)
		u.want(0, "login")
		wantLogin(t, s, age(t, "age", "-d", "-i", key, filepath.Join(u.store(), "work.age")))
	})
	t.Run("sealed to a key of simsid", func(t *testing.T) {
		u := newUser(t, s, "file")
		key := filepath.Join(t.TempDir(), "simsid.txt")
		u.want(0, "store", "keygen", key)
		u.env = append(u.env, "SIMSID_STORE_KEY_FILE="+key)
		u.want(0, "login")
		wantLogin(t, s, age(t, "age", "-d", "-i", key, filepath.Join(u.store(), "work.age")))
		public := strings.TrimSpace(age(t, "age-keygen", "-y", key))
		if b, err := os.ReadFile(key); err != nil || !strings.Contains(string(b), "# public key: "+public+"\n") {
			t.Errorf("the key's file doesn't name %s: %v", public, err)
		}
	})
	t.Run("sealed by age", func(t *testing.T) {
		u := newUser(t, s, "file")
		key := filepath.Join(t.TempDir(), "simsid.txt")
		u.want(0, "store", "keygen", key)
		u.env = append(u.env, "SIMSID_STORE_KEY_FILE="+key)
		u.want(0, "login")
		path := filepath.Join(u.store(), "work.age")
		plain := filepath.Join(t.TempDir(), "plain")
		age(t, "age", "-d", "-i", key, "-o", plain, path)
		must(t, os.Remove(path))
		age(t, "age", "-r", strings.TrimSpace(age(t, "age-keygen", "-y", key)), "-o", path, plain)
		must(t, os.Chmod(path, 0o600))
		u.want(0, "token")
		u.want(0, "refresh")
	})
}

func age(t *testing.T, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v; `make setup` installs it", program, err)
	}
	return string(out)
}

func wantLogin(t *testing.T, s *sts, text string) {
	t.Helper()
	var login struct {
		Version int    `json:"version"`
		Kind    string `json:"kind"`
		Access  string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(text), &login); err != nil {
		t.Fatal(err)
	}
	if login.Version != 1 || login.Kind != "login" || login.Access != s.newest() {
		t.Errorf("version %d, kind %q, an access token of %d bytes", login.Version, login.Kind, len(login.Access))
	}
}

// TestManyCalls writes and reads the keyring in ever new processes, each with a connection of its own: what makes
// gnome-keyring-daemon abort is the order of a connection's first messages. The soak does it ten thousand times.
func TestManyCalls(t *testing.T) {
	times := 50
	if soaking() {
		times = 10_000
	}
	k := newKeyring(t)
	s := newSTS(t)
	u := newUser(t, s, "keyring", k.address())
	// A launcher that stands first in PATH tells if anybody starts it.
	dir := t.TempDir()
	launched := filepath.Join(dir, "launched")
	script := fmt.Sprintf("#!/bin/sh\ntouch %s\nexit 1\n", launched)
	must(t, os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte(script), 0o700))
	u.env = append(u.env, "PATH="+dir+":"+os.Getenv("PATH"))
	u.want(0, "login")
	daemon := k.pid()
	var asks time.Duration
	for i := range times {
		asks += time.Hour
		s.set(func(s *sts) { s.lifetime = asks + 30*time.Minute })
		u.want(0, "token", "--min-valid", fmt.Sprint(asks)) // reads the key and the item, and sets the item
		u.want(0, "token")                                  // reads the key
		if (i+1)%1000 == 0 {
			t.Logf("%d times", i+1)
		}
		if now := k.pid(); now != daemon {
			t.Fatalf("after %d rounds another gnome-keyring-daemon serves the bus", i+1)
		}
	}
	if _, err := os.Stat(launched); err == nil {
		t.Error("dbus-launch was started")
	}
}
