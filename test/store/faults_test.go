//go:build real && linux

package store_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFaults goes through what can fail beneath a login. Each row says what somebody saw, and ends with the login working again
// by itself, or by the line that was shown.
func TestFaults(t *testing.T) {
	t.Run("the keyring is locked in the middle of a refresh", func(t *testing.T) {
		f := newFault(t, true)
		f.during(f.k.lock)
		r := f.refresh(0)
		f.saw(r, "locked", "work.keyring.emergency.age", "the next command puts it in its place")
		r = f.u.want(6, "token")
		f.saw(r, "locked")
		f.k.unlock()
		f.works()
		f.reserveEmpty()
	})
	t.Run("the keyring is killed in the middle of a refresh", func(t *testing.T) {
		f := newFault(t, true)
		f.during(func() { f.signal(syscall.SIGKILL) })
		r := f.refresh(0)
		f.saw(r, "work.keyring.emergency.age")
		f.k.unlock() // the bus has started another
		f.works()
		f.reserveEmpty()
	})
	t.Run("the keyring falls silent in the middle of a refresh", func(t *testing.T) {
		f := newFault(t, true)
		f.during(func() { f.signal(syscall.SIGSTOP) })
		began := time.Now()
		r := f.refresh(0)
		f.signal(syscall.SIGCONT)
		f.saw(r, "silent", "work.keyring.emergency.age")
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("it took %s", d)
		}
		f.works()
		f.reserveEmpty()
	})
	t.Run("a keyring that never answers", func(t *testing.T) {
		f := newFault(t, true)
		f.signal(syscall.SIGSTOP)
		began := time.Now()
		r := f.refresh(6)
		f.signal(syscall.SIGCONT)
		f.saw(r, "silent")
		if d := time.Since(began); d > 20*time.Second {
			t.Errorf("it took %s", d)
		}
		if asked, _ := f.s.counts(); asked != 0 {
			t.Error("a refresh was tried, although its answer couldn't have been kept")
		}
		f.works()
	})
	t.Run("a store written by a later version", func(t *testing.T) {
		f := newFault(t, false)
		path := filepath.Join(f.u.store(), "work.record.json")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		later := []byte(strings.Replace(string(b), `"version": 1`, `"version": 2`, 1))
		if err := os.WriteFile(path, later, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"token"}, {"login"}, {"logout"}, {"store", "move", "keyring"}} {
			f.saw(f.u.want(6, args...), "later version")
		}
		if now, _ := os.ReadFile(path); string(now) != string(later) {
			t.Error("it was changed")
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		f.works()
	})
	t.Run("a file that is cut", func(t *testing.T) {
		f := newFault(t, false)
		path := filepath.Join(f.u.store(), "work.age")
		if err := os.Truncate(path, 300); err != nil {
			t.Fatal(err)
		}
		f.saw(f.u.want(6, "token"), "work.age", "set aside as", "simsid login -p work")
		f.u.want(0, "login")
		f.works()
		if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) != 1 {
			t.Errorf("set aside: %q", aside)
		}
	})
	t.Run("a folder that others can read", func(t *testing.T) {
		f := newFault(t, false)
		if err := os.Chmod(f.u.store(), 0o755); err != nil {
			t.Fatal(err)
		}
		f.saw(f.u.want(6, "token"), "chmod 700 "+f.u.store())
		f.shell("chmod 700 " + f.u.store())
		f.works()
	})
	t.Run("a file of another profile in its place", func(t *testing.T) {
		f := newFault(t, false)
		f.u.want(0, "profile", "add", "other", "--from", "work")
		f.u.want(0, "login", "-p", "other")
		theirs, err := os.ReadFile(filepath.Join(f.u.store(), "other.age"))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(f.u.store(), "work.age"), theirs, 0o600))
		// Issuer, client and key are the same: only what lies in the file tells.
		f.saw(f.u.want(6, "token"), "it holds the login of profile \"other\"", "set aside as")
		f.u.want(0, "login")
		f.works()
		f.u.want(0, "token", "-p", "other")
	})
	t.Run("a logout while another process refreshes", func(t *testing.T) {
		f := newFault(t, false)
		answered, going := make(chan struct{}), make(chan struct{})
		f.during(func() { close(going); <-answered })
		done := make(chan result, 1)
		f.asks += 2 * time.Hour
		f.s.set(func(s *sts) { s.lifetime = f.asks + time.Hour })
		go func() { done <- f.u.run("token", "--min-valid", fmt.Sprint(f.asks)) }()
		<-going
		out := make(chan result, 1)
		go func() { out <- f.u.run("logout") }()
		time.AfterFunc(1500*time.Millisecond, func() { close(answered) })
		if r := <-done; r.code != 0 {
			t.Errorf("the refresh exits with %d\n%s", r.code, r.stderr)
		}
		r := <-out
		f.saw(r, "waiting for another simsid that is using the login of profile \"work\"")
		if r.code != 0 {
			t.Errorf("the logout exits with %d", r.code)
		}
		f.saw(f.u.want(4, "token"), "nobody is signed in")
		f.u.want(0, "login")
		f.works()
	})
	t.Run("the STS asks to wait", func(t *testing.T) {
		f := newFault(t, false)
		f.s.set(func(s *sts) {
			s.instead = func(w http.ResponseWriter) bool {
				w.Header().Set("Retry-After", "90")
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			}
		})
		r := f.refresh(5)
		f.saw(r, "HTTP 429", "1m30s")
		f.s.set(func(s *sts) { s.instead = nil })
		f.works()
	})
}

// TestFullDisk and its like need a mount of their own: the test runs itself once more in a mount namespace.
func TestFullDisk(t *testing.T) {
	if inMountNamespace(t) {
		return
	}
	f := newFaultOn(t, func(dir string) { f := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); must(t, f) })
	f.during(func() { f.fill() })
	r := f.refresh(0)
	f.saw(r, "no space left", "work.emergency.age", "the next command puts it in its place")
	r = f.u.want(0, "token") // from the emergency file, though it still can't be put in its place
	f.saw(r)
	f.empty()
	f.works()
	f.reserveEmpty()

	f.fill()
	if err := os.Remove(filepath.Join(f.u.store(), "work.emergency.age")); err != nil {
		t.Fatal(err)
	}
	f.fill()
	asked, _ := f.s.counts()
	r = f.refresh(6)
	f.saw(r, "no space left")
	if now, _ := f.s.counts(); now != asked {
		t.Error("a refresh was tried without room for its answer")
	}
	f.empty()
	f.works()
}

// TestLogoutOnAFullDisk: the provider has revoked by the time that the store is to forget, so forgetting must need no room.
func TestLogoutOnAFullDisk(t *testing.T) {
	if inMountNamespace(t) {
		return
	}
	f := newFaultOn(t, func(dir string) { must(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k")) })
	f.fill()
	r := f.u.want(0, "logout")
	f.saw(r)
	if !strings.Contains(r.stdout, "tokens cleared") {
		t.Errorf("it said\n%s", r.stdout)
	}
	f.saw(f.u.want(4, "token"), "nobody is signed in")
	left, err := filepath.Glob(filepath.Join(f.u.store(), "*.age"))
	if err != nil || len(left) != 0 {
		t.Errorf("it left %q, %v", left, err)
	}
	f.empty()
	f.u.want(0, "login")
	f.works()
}

func TestReadOnlyMount(t *testing.T) {
	if inMountNamespace(t) {
		return
	}
	f := newFaultOn(t, func(dir string) { must(t, syscall.Mount(dir, dir, "", syscall.MS_BIND, "")) })
	dir := filepath.Join(f.u.home, "state")
	must(t, syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	f.saw(f.u.want(0, "token")) // what is kept can still be read
	asked, _ := f.s.counts()
	f.saw(f.refresh(6), "read-only file system")
	f.saw(f.u.want(6, "login"), "read-only file system")
	f.saw(f.u.want(6, "logout", "--local"), "read-only file system")
	if now, _ := f.s.counts(); now != asked {
		t.Error("a refresh was tried where its answer couldn't have been kept")
	}
	must(t, syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT, ""))
	f.works()
}

// inMountNamespace runs one test of this program where it may mount, and fails with it.
func inMountNamespace(t *testing.T) (outer bool) {
	t.Helper()
	const inside = "SIMSID_TEST_MOUNTS"
	if os.Getenv(inside) == t.Name() {
		return false
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	how := []string{"unshare", "--mount"}
	if os.Geteuid() != 0 {
		how = []string{"unshare", "--mount", "--map-root-user"}
	}
	args := append(slices.Clip(how[1:]), self, "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", "120s")
	cmd := exec.CommandContext(t.Context(), how[0], args...)
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatalf("%v (a mount namespace must be allowed here)\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "saw:") {
			t.Log(strings.TrimSpace(line))
		}
	}
	return true
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fault is somebody signed in, to whom something is about to happen.
type fault struct {
	t    *testing.T
	s    *sts
	u    *user
	k    *keyring
	asks time.Duration
}

func newFault(t *testing.T, inKeyring bool) *fault {
	t.Helper()
	f := &fault{t: t, s: newSTS(t)}
	if inKeyring {
		f.k = newKeyring(t)
		f.u = newUser(t, f.s, "keyring", f.k.address())
	} else {
		f.u = newUser(t, f.s, "file")
	}
	f.u.want(0, "login")
	return f
}

// newFaultOn has the state folder on a mount of its own.
func newFaultOn(t *testing.T, mount func(dir string)) *fault {
	t.Helper()
	f := &fault{t: t, s: newSTS(t)}
	f.u = newUser(t, f.s, "file")
	dir := filepath.Join(f.u.home, "state")
	must(t, os.MkdirAll(dir, 0o700))
	must(t, syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
	mount(dir)
	must(t, os.Chmod(dir, 0o700))
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	f.u.want(0, "login")
	f.refresh(0) // the reserve is there from the first refresh on
	return f
}

// during makes something happen between the request of the next refresh and its answer, once.
func (f *fault) during(happen func()) {
	f.s.set(func(s *sts) {
		s.before = func() {
			s.set(func(s *sts) { s.before = nil })
			happen()
		}
	})
}

// refresh asks for a token that must be fetched.
func (f *fault) refresh(code int) result {
	f.t.Helper()
	f.asks += 2 * time.Hour
	f.s.set(func(s *sts) { s.lifetime = f.asks + time.Hour })
	return f.u.want(code, "token", "--min-valid", fmt.Sprint(f.asks))
}

// saw puts a row into the test's log, and looks for what it must have said.
func (f *fault) saw(r result, words ...string) {
	f.t.Helper()
	f.t.Logf("saw: exit %d: %s", r.code, strings.ReplaceAll(r.said(), "\n", " | "))
	for _, w := range words {
		if !strings.Contains(r.stderr, w) {
			f.t.Errorf("it didn't say %q", w)
		}
	}
	f.u.noPlainText(f.s)
}

// works refreshes twice: the login is whole and in its place.
func (f *fault) works() {
	f.t.Helper()
	for range 2 {
		if r := f.refresh(0); r.stdout != f.s.newest()+"\n" {
			f.t.Error("it printed another token than the newest")
		}
	}
	f.u.noPlainText(f.s)
}

// reserveEmpty makes sure that what was in the emergency file is in its place.
func (f *fault) reserveEmpty() {
	f.t.Helper()
	if r := f.u.want(0, "store", "status"); strings.Contains(r.stdout, "emergency file") {
		f.t.Errorf("the emergency file wasn't emptied:\n%s", r.stdout)
	}
}

func (f *fault) signal(sig syscall.Signal) {
	f.t.Helper()
	pid := f.k.pid()
	must(f.t, syscall.Kill(pid, sig))
}

func (f *fault) shell(line string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), commandTime)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "sh", "-c", line).CombinedOutput(); err != nil {
		f.t.Fatalf("%v\n%s", err, out)
	}
}

// fill takes all the room that is left on the state folder's file system.
func (f *fault) fill() {
	file, err := os.OpenFile(f.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		f.t.Error(err)
		return
	}
	defer file.Close()
	for size := 64 << 10; size > 0; size /= 2 {
		for {
			if n, err := file.Write(make([]byte, size)); err != nil || n < size {
				break
			}
		}
	}
}

func (f *fault) empty() { must(f.t, os.Remove(f.filler())) }

func (f *fault) filler() string { return filepath.Join(f.u.home, "state", "filler") }
