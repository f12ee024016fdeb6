//go:build real && linux

package store_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// clockVariable is what the clock of the program that buildShifted builds is off by.
const clockVariable = "SIMSID_TEST_CLOCK"

// buildShifted builds simsid with a clock that can be wrong: the machine's own belongs to everybody who works on it. Nothing else of the
// program is changed.
func buildShifted(t *testing.T) string {
	t.Helper()
	original, err := filepath.Abs("../../cmd/simsid/main.go")
	must(t, err)
	source, err := os.ReadFile(original)
	must(t, err)
	const clock = "time.Now,"
	if n := bytes.Count(source, []byte(clock)); n != 1 {
		t.Fatalf("%s names the clock %d times, want once", original, n)
	}
	shifted := bytes.Replace(source, []byte(clock), []byte(`func() time.Time {
		d, err := time.ParseDuration(os.Getenv("`+clockVariable+`"))
		if err != nil {
			panic(err)
		}
		return time.Now().Add(d)
	},`), 1)
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	must(t, os.WriteFile(file, shifted, 0o600))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: file}})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	program := filepath.Join(dir, "simsid")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "../../cmd/simsid").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// TestClockJumps has the clock go wrong by an hour, both ways, and right again. By a wrong clock an ID token can't be checked, so nothing of an
// answer is used but the new refresh token; the login is never lost, and works by itself when the clock is right.
func TestClockJumps(t *testing.T) {
	program := buildShifted(t)
	for _, tt := range []struct {
		jump, said string
		away       int // the exit code while the STS is away
		words      string
	}{
		{"1h", "60 minutes ahead of the provider's", 5, "HTTP 503"},
		{"-1h", "60 minutes behind the provider's", 0, "may have expired: the clock went back since it was got"},
	} {
		t.Run(tt.jump, func(t *testing.T) {
			f := &fault{t: t, s: newSTS(t)}
			f.u = newUser(t, f.s, "file")
			f.u.program = program
			clock := func(offset string) { f.u.env = append(f.u.env, clockVariable+"="+offset) }
			away := func(is bool) {
				f.s.set(func(s *sts) {
					s.instead = nil
					if is {
						s.instead = func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusServiceUnavailable); return true }
					}
				})
			}
			clock("0s")
			f.s.set(func(s *sts) { s.lifetime = 30 * time.Minute })
			f.u.want(0, "login")
			first := f.s.newest()

			clock(tt.jump)
			away(true)
			r := f.u.want(tt.away, "token")
			f.saw(r, tt.words)
			if r.code == 0 && r.stdout != first+"\n" {
				t.Error("it printed another token than the one there is")
			}
			away(false)
			f.saw(f.u.want(3, "token"), tt.said, "the new refresh token is kept", "set this machine's clock right")
			f.saw(f.u.want(3, "token"), tt.said) // by the refresh token that was kept

			clock("0s")
			r = f.u.want(0, "token")
			f.saw(r)
			if r.stdout != f.s.newest()+"\n" && r.stdout != first+"\n" {
				t.Error("it printed a token of nobody's")
			}
			f.works()
		})
	}
}
