package emulator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// An emulator in another process goes on where the first ended: key, refresh token, browser session.
func TestStateOutlivesTheServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	first := newBench(t, Options{Dir: dir})
	got := first.login("head")

	second := newBench(t, Options{Dir: dir})
	next := second.tokens(second.post("connect/token", refreshForm(got.Refresh)))
	if first.part(got.ID, 0) != second.part(next.ID, 0) {
		t.Error("another key after a restart")
	}
	if a := second.get("connect/userinfo", "Authorization", "Bearer "+got.Access); a.status != 200 {
		t.Errorf("userinfo after a restart: %d", a.status)
	}
	second.browser.Jar = first.browser.Jar // cookies don't know ports
	if a := second.authorize(second.browser, authorizeQuery("prompt", "none")); !second.landed(a).Has("code") {
		t.Errorf("the browser's session is gone: %q", a.location)
	}
}

func TestNewDoesNothingYet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s, err := New(Options{Dir: dir, Now: (&clock{at: start}).now, Rand: &counted{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("New made the folder: %v", err)
	}
	b := &bench{T: t, Server: s, back: newBench(t, Options{}).back}
	b.back.Transport = s.Transport()
	if a := b.get(".well-known/openid-configuration"); a.status != 200 {
		t.Errorf("discovery: %d", a.status)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("discovery made the folder: %v", err)
	}
}

func TestKeyIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	ids := make(chan string, 4)
	for range cap(ids) {
		s, err := New(Options{Dir: dir, Now: (&clock{at: start}).now, Rand: &counted{}})
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			key, err := s.key(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			ids <- key.id
		})
	}
	wait.Wait()
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Errorf("keys %s and %s", first, id)
		}
	}
}

func TestStateIsPrivateAndHoldsNoHandles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	b := newBench(t, Options{Dir: dir})
	got := b.login("head")
	waiting := b.code("head")
	text, err := os.ReadFile(filepath.Join(dir, stateName))
	if err != nil {
		t.Fatal(err)
	}
	home := b.request("GET", b.base, nil).URL
	secrets := []string{got.Refresh, got.Access, got.ID, waiting, builtinSecret}
	for _, cookie := range b.browser.Jar.Cookies(home) {
		secrets = append(secrets, cookie.Value)
	}
	if len(secrets) != 7 {
		t.Fatalf("%d secrets", len(secrets))
	}
	for _, secret := range secrets {
		if strings.Contains(string(text), secret) {
			t.Errorf("the state holds %.8s…", secret)
		}
	}
	if !strings.Contains(string(text), handleKey(got.Refresh)) {
		t.Error("the state doesn't hold the refresh token's hash")
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]fs.FileMode{"": 0o700 | fs.ModeDir, stateName: 0o600, lockName: 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: %v", name, info.Mode())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, tempName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file stays: %v", err)
	}
}

func TestUnusableStateIsSetAside(t *testing.T) {
	good := func(t *testing.T) string {
		dir := t.TempDir()
		newBench(t, Options{Dir: dir})
		text, err := os.ReadFile(filepath.Join(dir, stateName))
		if err := errors.Join(err, CheckState(dir), CheckState(t.TempDir())); err != nil {
			t.Fatal(err)
		}
		return string(text)
	}(t)
	rows := map[string]string{
		"empty":            "",
		"cut":              good[:len(good)/2],
		"not JSON":         "hello",
		"another's JSON":   `{"accounts": []}`,
		"null":             "null",
		"array":            "[]",
		"another format":   strings.Replace(good, stateFormat, "other", 1),
		"a later version":  strings.Replace(good, `"version":1`, `"version":2`, 1),
		"too long":         good + strings.Repeat(" ", maxState),
		"followed by more": good + good,
		"broken key":       strings.Replace(good, "BEGIN PRIVATE KEY", "BEGIN NOTHING", 1),
		"zeros":            strings.Repeat("\x00", 4096),
	}
	for rule, text := range rows {
		t.Run(rule, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, stateName)
			for round := 1; round <= 2; round++ {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				var unusable *StateError
				if err := CheckState(dir); !errors.As(err, &unusable) || unusable.Path != path {
					t.Errorf("to look at: %v", err)
				}
				if got, err := os.ReadFile(path); err != nil || string(got) != text {
					t.Errorf("looking at it left %d bytes of %d, %v", len(got), len(text), err)
				}
				b := newBench(t, Options{Dir: dir, As: "head"})
				b.login("head")
				kept := path + ".unusable-20261121T093000Z"
				if round == 2 {
					kept += "-2"
				}
				var notice *SetAsideError
				if len(b.notices) != 1 || !errors.As(<-b.notices, &notice) {
					t.Fatalf("%d notices", len(b.notices))
				}
				if notice.Path != path || notice.Kept != kept || !strings.Contains(notice.Error(), kept) {
					t.Errorf("notice %v", notice)
				}
				if got, err := os.ReadFile(kept); err != nil || string(got) != text {
					t.Errorf("kept: %v, %d bytes of %d", err, len(got), len(text))
				}
			}
		})
	}
}

func TestStateThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, stateName), 0o700); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Options{Dir: dir, As: "head"})
	b.login("head")
	if len(b.notices) != 1 {
		t.Errorf("%d notices", len(b.notices))
	}
}

// A state that can't be reached is no empty one: the request fails, in-process with the cause, over HTTP without it.
func TestStateThatCannotBeReached(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	notices := make(chan error, 1)
	s, err := New(Options{Dir: filepath.Join(file, "state"), As: "head", Now: (&clock{at: start}).now, Rand: &counted{},
		Notice: func(err error) { notices <- err }})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Options{})
	b.Server = s
	r := b.request("GET", Issuer+"connect/authorize?"+authorizeQuery().Encode(), nil)
	res, err := s.Transport().RoundTrip(r)
	if err == nil {
		res.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("in-process: %v", err)
	}
	base, err := s.ServeBrowser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a := b.do(b.browser, b.request("GET", base+"connect/authorize?"+authorizeQuery().Encode(), nil))
	if a.status != 503 || strings.Contains(a.body, file) || a.header.Get("Retry-After") == "" {
		t.Errorf("over HTTP: %d, %s", a.status, a.body)
	}
	if err := <-notices; !strings.Contains(err.Error(), file) {
		t.Errorf("notice %v", err)
	}
}

// Another process holds the lock: the request waits, and no longer than its context.
func TestLockHonoursTheContext(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, Options{Dir: dir})
	l := flock.New(filepath.Join(dir, lockName))
	if err := l.Lock(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := b.EndSessions(ctx, headSubject); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := b.EndSessions(t.Context(), headSubject); err != nil {
		t.Error(err)
	}
}

// What a crash between writing and renaming leaves behind is in nobody's way.
func TestLeftOverTemporaryFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, tempName), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Options{Dir: dir})
	b.login("head")
	if len(b.notices) != 0 {
		t.Errorf("notice %v", <-b.notices)
	}
}

func TestFailedChangeKeepsNothing(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		b := newBench(t, Options{Dir: dir})
		got := b.login("head")
		wrong := errors.New("wrong")
		err := b.store.update(t.Context(), func(st *state) error {
			clear(st.Refresh)
			return wrong
		})
		if !errors.Is(err, wrong) {
			t.Errorf("got %v", err)
		}
		b.tokens(b.post("connect/token", refreshForm(got.Refresh)))
	}
}

// What was read is kept beside the file's text: a change that fails must not show in it, and the change of another process must.
func TestSeenState(t *testing.T) {
	dir := t.TempDir()
	open := func() *store {
		return &store{dir: dir, now: (&clock{at: start}).now, notice: func(err error) { t.Error(err) }, keys: &keyCache{}}
	}
	granted := func(st *store) (scopes []string) {
		t.Helper()
		if err := st.view(t.Context(), func(s *state) { scopes = s.Consents["app"] }); err != nil {
			t.Fatal(err)
		}
		return scopes
	}
	grant := func(st *store, scope string, err error) {
		t.Helper()
		got := st.update(t.Context(), func(s *state) error {
			s.Consents["app"] = []string{scope}
			return err
		})
		if !errors.Is(got, err) {
			t.Fatalf("got %v, want %v", got, err)
		}
	}
	a, b := open(), open()
	grant(a, "openid", nil)
	failed := errors.New("failed")
	for _, st := range []*store{a, b} {
		granted(st)
		grant(st, "partner", failed)
		if got := granted(st); !slices.Equal(got, []string{"openid"}) {
			t.Errorf("after a change that failed: %q", got)
		}
	}
	grant(b, "profile", nil)
	if got := granted(a); !slices.Equal(got, []string{"profile"}) {
		t.Errorf("after another process's change: %q", got)
	}
}

func TestPrune(t *testing.T) {
	s := newState()
	for i := range 2 * maxRefresh {
		age := time.Duration(i) * time.Second
		name := fmt.Sprint(i)
		s.Refresh[name] = &refresh{Created: start.Add(age), Expires: start.Add(time.Hour + age)}
		s.Codes[name] = &code{Created: start.Add(age), Expires: start.Add(time.Hour + age)}
		s.Sessions[name] = &session{LastUsed: start.Add(age)}
	}
	s.Refresh["expired"] = &refresh{Created: start.Add(24 * time.Hour), Expires: start}
	s.Codes["null"], s.Refresh["null"], s.Sessions["null"], s.References["null"] = nil, nil, nil, nil
	s.prune(start, 1)
	if len(s.Refresh) != maxRefresh || len(s.Codes) != maxCodes || len(s.Sessions) != maxSessions {
		t.Errorf("%d refresh tokens, %d codes, %d sessions", len(s.Refresh), len(s.Codes), len(s.Sessions))
	}
	newest := fmt.Sprint(2*maxRefresh - 1)
	if s.Refresh[newest] == nil || s.Codes[newest] == nil || s.Sessions[newest] == nil || s.Refresh["0"] != nil || s.Refresh["expired"] != nil {
		t.Error("not the oldest went")
	}
}
