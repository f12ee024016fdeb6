package tokenstore

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/simsid/simsid/internal/token"
)

// fakeKeyring keeps items in the process; keyring_contract_test.go holds it and the system's to the same behaviour.
type fakeKeyring struct {
	mu    sync.Mutex
	items map[string]string
	calls []string
	fail  func(call string) error // asked before each call, such as "get school/key"
}

func newFakeKeyring() *fakeKeyring { return &fakeKeyring{items: map[string]string{}} }

func (k *fakeKeyring) begin(ctx context.Context, call string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	k.calls = append(k.calls, call)
	if k.fail != nil {
		return k.fail(call)
	}
	return nil
}

func (k *fakeKeyring) get(ctx context.Context, account string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.begin(ctx, "get "+account); err != nil {
		return "", err
	}
	v, ok := k.items[account]
	if !ok {
		return "", errNoItem
	}
	return v, nil
}

func (k *fakeKeyring) set(ctx context.Context, account, value string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.begin(ctx, "set "+account); err != nil {
		return err
	}
	k.items[account] = value
	return nil
}

func (k *fakeKeyring) delete(ctx context.Context, account string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.begin(ctx, "delete "+account); err != nil {
		return err
	}
	if _, ok := k.items[account]; !ok {
		return errNoItem
	}
	delete(k.items, account)
	return nil
}

func (k *fakeKeyring) expect(context.Context) {}

func (k *fakeKeyring) prepare(ctx context.Context) error { return k.begin(ctx, "prepare") }

func (k *fakeKeyring) names() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.items))
}

// takeCalls gives the calls since it was last asked.
func (k *fakeKeyring) takeCalls() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.calls
	k.calls = nil
	return c
}

func (k *fakeKeyring) failAll(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fail = nil
	if err != nil {
		k.fail = func(string) error { return err }
	}
}

const (
	secretMark = "s3cr3t" // in every secret of these tests, so that no file may hold it
)

// Made anew for each run: a key in a source file would be taken for a leaked one.
var testIdentity, otherIdentity = makeIdentity(), makeIdentity()

func makeIdentity() string {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return id.String()
}

var testTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newOptions(t *testing.T, k keyring) Options {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	t.Cleanup(func() { checkNoPlainText(t, dir) })
	return Options{
		Dir: dir, Now: func() time.Time { return testTime }, Rand: rand.Reader, keyring: k, workFactor: 4,
		SealKey: func(context.Context, KeyWanted) (SealKey, error) {
			return SealKey{Identity: token.NewSecret(testIdentity)}, nil
		},
	}
}

func checkNoPlainText(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(b), secretMark) {
			t.Errorf("%s holds a secret in plain text", path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
}

var school = Binding{Profile: "school", Issuer: "https://sts.example/", ClientID: "client-1"}

var head = Summary{
	Subject: "head|1", Name: "Hedy Head", Organisation: "2 organisations", Organisations: []string{"u|a|S", "u|b|M\xff"},
}

func setNo(n int) token.Set {
	return token.Set{
		Access:  token.NewSecret(fmt.Sprintf("%s-access-%d", secretMark, n)),
		ID:      token.NewSecret(fmt.Sprintf("%s-id-%d", secretMark, n)),
		Refresh: token.NewSecret(fmt.Sprintf("%s-refresh-%d", secretMark, n)),
		Type:    "Bearer", Expiry: testTime.Add(time.Duration(n) * time.Hour),
		Scopes: []string{"openid", "profile"}, SignedInAt: testTime,
	}
}

// plainSet makes sets comparable as whole values.
type plainSet struct {
	Access, ID, Refresh, Type       string
	Expiry, SignedInAt, RefreshedAt time.Time
	Scopes                          string
}

func plain(s token.Set) plainSet {
	return plainSet{
		s.Access.Reveal(), s.ID.Reveal(), s.Refresh.Reveal(), s.Type,
		s.Expiry.UTC(), s.SignedInAt.UTC(), s.RefreshedAt.UTC(), fmt.Sprintf("%q", s.Scopes),
	}
}

func wantLoad(t *testing.T, s *Store, want token.Set) {
	t.Helper()
	got, err := s.Load(t.Context())
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if plain(got) != plain(want) {
		t.Fatalf("load gave\n%+v, want\n%+v", plain(got), plain(want))
	}
}

func choose(t *testing.T, o Options, b Binding, want Backend) *Store {
	t.Helper()
	s, err := Choose(t.Context(), o, b, want, "")
	if err != nil {
		t.Fatalf("choose %s: %v", want, err)
	}
	return s
}

func open(t *testing.T, o Options, b Binding) *Store {
	t.Helper()
	s, err := Open(t.Context(), o, b, "")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

func save(t *testing.T, s *Store, n int) {
	t.Helper()
	if err := s.Save(t.Context(), setNo(n), head); err != nil {
		t.Fatalf("save: %v", err)
	}
}

// refresh does what a refresh does, from login n to n+1.
func refresh(t *testing.T, s *Store, from int) error {
	t.Helper()
	unlock, err := s.Lock(t.Context())
	if err != nil {
		t.Fatalf("lock: %v", err)
	}
	defer unlock()
	wantLoad(t, s, setNo(from))
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatalf("prepare: %v", err)
	}
	return s.SaveRefreshed(t.Context(), setNo(from+1))
}

// files lists the folder.
func files(t *testing.T, o Options) []string {
	t.Helper()
	entries, err := os.ReadDir(o.Dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
