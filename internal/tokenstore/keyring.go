package tokenstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/token"
)

// keyring is the system's, or a test's. Its errors are errNoItem, ErrAbsent, ErrLocked and ErrRefused with their reason, or
// the context's.
type keyring interface {
	get(ctx context.Context, account string) (string, error)
	// expect says that an item will be read in a moment. What can be asked ahead of that is asked, and nobody waits for the answer.
	expect(ctx context.Context)
	set(ctx context.Context, account, value string) error
	delete(ctx context.Context, account string) error
	// prepare does what a write needs and can be done before there is anything to write. It never asks anybody.
	prepare(ctx context.Context) error
}

// errNoItem says that the keyring has no such item.
var errNoItem = errors.New("no such item in the keyring")

const (
	// keyringService is the service that all items carry; people see it in their keyring's own program.
	keyringService = "simsid"
	// keyringDeadline bounds one call: a keyring without a prompt answers in milliseconds.
	keyringDeadline = 3 * time.Second
	// promptDeadline bounds the wait for somebody at an unlocking prompt.
	promptDeadline = 2 * time.Minute
	// promptQuiet is how long a wait lasts before it is said what is waited for.
	promptQuiet = time.Second
)

// The items of a profile, apart from its secrets, whose items are named as their kind.
const (
	itemRefresh = "refresh-token"
	itemKey     = "key"
	itemProbe   = "probe"
)

// keyringLimit is the longest value in bytes that the system's keyring takes; 0: none is known. The credential manager of
// Windows takes 2,560. On macOS the value travels in base64 on one line of at most 4,096 bytes to the system's own tool, with
// the service's and the item's name: 2,800 leaves room for those.
func keyringLimit(goos string) int {
	switch goos {
	case "darwin":
		return 2800
	case "windows":
		return 2560
	default:
		return 0
	}
}

// item is one keyring item: a secret with its binding, so that whoever reads it can tell whose it is.
type item struct {
	binding Binding // without the profile's name
	login   string  // of a refresh token: its login
	seq     uint64
	value   token.Secret
}

type itemJSON struct {
	Version  int    `json:"version"`
	Issuer   text   `json:"issuer"`
	ClientID text   `json:"client_id"`
	Login    string `json:"login,omitempty"`
	Seq      uint64 `json:"seq,omitempty"`
	Value    text   `json:"value"`
}

func encodeItem(it item) (string, error) {
	b, err := json.Marshal(itemJSON{
		Version: formatVersion, Issuer: text(it.binding.Issuer), ClientID: text(it.binding.ClientID),
		Login: it.login, Seq: it.seq, Value: text(it.value.Reveal()),
	})
	return string(b), err
}

func decodeItem(v string) (item, error) {
	o, err := readStored([]byte(v))
	if err != nil {
		return item{}, err
	}
	it := item{
		binding: Binding{Issuer: o.text("issuer"), ClientID: o.text("client_id")},
		login:   o.word("login"), seq: o.number("seq"), value: o.secret("value"),
	}
	if err := o.fault("an item of simsid"); err != nil {
		return item{}, err
	}
	if it.value.IsZero() {
		return item{}, errors.New("not an item of simsid: it holds no secret")
	}
	return it, nil
}

// fits reports whether an item is for the keyring or, being too long for it, for the sealed file.
func (s *Store) fits(it item) bool {
	v, err := encodeItem(it)
	limit := s.o.limit
	if s.o.keyring == nil {
		limit = keyringLimit(runtime.GOOS)
	}
	return err == nil && utf8.ValidString(it.value.Reveal()) && (limit == 0 || len(v) <= limit)
}

// getItem reads an item of any binding; the caller compares.
func (s *Store) getItem(ctx context.Context, name string) (item, error) {
	v, err := s.kr.get(ctx, account(s.b.Profile, name))
	if err != nil {
		return item{}, keyringError("read", s.b.Profile, name, err)
	}
	it, err := decodeItem(v)
	if err != nil {
		return item{}, keyringError("read", s.b.Profile, name, err)
	}
	return it, nil
}

func (s *Store) setItem(ctx context.Context, name string, it item) error {
	v, err := encodeItem(it)
	if err == nil {
		err = s.kr.set(ctx, account(s.b.Profile, name), v)
	}
	return keyringError("write", s.b.Profile, name, err)
}

// deleteItem takes an item away; one that is missing is as good.
func (s *Store) deleteItem(ctx context.Context, name string) error {
	err := s.kr.delete(ctx, account(s.b.Profile, name))
	if errors.Is(err, errNoItem) {
		return nil
	}
	return keyringError("remove", s.b.Profile, name, err)
}

func keyringError(operation, profile, name string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Operation: fmt.Sprintf("%s %s in the", operation, account(profile, name)), Backend: Keyring, Err: err}
}

// probeKeyring writes, reads and removes a throw-away item.
func (s *Store) probeKeyring(ctx context.Context) error {
	id, err := s.randomID()
	if err != nil {
		return &Error{Operation: "probe", Backend: Keyring, Err: err}
	}
	want := item{binding: s.b, value: token.NewSecret(id)}
	if err := s.setItem(ctx, itemProbe, want); err != nil {
		return err
	}
	got, err := s.getItem(ctx, itemProbe)
	if err == nil && !got.value.Equal(want.value) {
		err = &Error{Operation: "probe", Backend: Keyring, Err: fmt.Errorf("%w: it gave back something else", ErrRefused)}
	}
	return errors.Join(err, s.deleteItem(ctx, itemProbe))
}

// bounded runs fn, which knows no context, for at most d. When it gives up, fn's goroutine stays behind until the call
// beneath ends or the process does; a write that arrives late is the same value that was to be written.
func bounded[T any](ctx context.Context, d time.Duration, fn func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	var zero T
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	done := make(chan result, 1)
	go func() {
		v, err := fn()
		done <- result{v, err}
	}()
	limit, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	select {
	case r := <-done:
		return r.v, r.err
	case <-limit.Done():
		if err := ctx.Err(); err != nil {
			return zero, err
		}
		return zero, silent(d)
	}
}

func silent(d time.Duration) error { return fmt.Errorf("%w, or silent: no answer in %s", ErrLocked, d) }

type noPromptKey struct{}

// withoutPrompt forbids an unlocking prompt: a locked keyring is then an error at once. A refresh that has its answer in
// hand can't wait for somebody to come back to the screen.
func withoutPrompt(ctx context.Context) context.Context {
	return context.WithValue(ctx, noPromptKey{}, true)
}

func mayPrompt(ctx context.Context) bool { return ctx.Value(noPromptKey{}) == nil }

func (o Options) deadline() time.Duration {
	if o.Deadline > 0 {
		return o.Deadline
	}
	return keyringDeadline
}

func (o Options) after(d time.Duration) <-chan time.Time {
	if o.After != nil {
		return o.After(d)
	}
	return time.After(d) //nolint:forbidigo // what a nil After means
}

func (o Options) getenv(name string) string {
	if o.Getenv == nil {
		return ""
	}
	return o.Getenv(name)
}

func (o Options) openKeyring() keyring {
	if o.keyring != nil {
		return o.keyring
	}
	return newSystemKeyring(o)
}
