package tokenstore

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// keyringContract is what the store relies on, of the system's keyring and of the tests' one alike.
func keyringContract(t *testing.T, k keyring) {
	want := func(t *testing.T, account, value string, err error) {
		t.Helper()
		got, gerr := k.get(t.Context(), account)
		if got != value || !errors.Is(gerr, err) {
			t.Errorf("get %s: %d bytes, %v; want %d bytes, %v", account, len(got), gerr, len(value), err)
		}
	}
	set := func(t *testing.T, account, value string) {
		t.Helper()
		if err := k.set(t.Context(), account, value); err != nil {
			t.Fatalf("set %s: %v", account, err)
		}
		want(t, account, value, nil)
	}
	t.Run("an item that was never set is missing", func(t *testing.T) {
		want(t, "contract/none", "", errNoItem)
		if err := k.delete(t.Context(), "contract/none"); !errors.Is(err, errNoItem) {
			t.Errorf("delete: %v, want errNoItem", err)
		}
	})
	t.Run("the last value counts", func(t *testing.T) {
		set(t, "contract/a", "one")
		set(t, "contract/a", "two")
	})
	t.Run("items don't touch each other", func(t *testing.T) {
		set(t, "contract/b", "bee")
		set(t, "contract.2/b", "other")
		want(t, "contract/b", "bee", nil)
		want(t, "contract", "", errNoItem)
		want(t, "contract/B", "", errNoItem)
	})
	t.Run("a deleted item is missing", func(t *testing.T) {
		set(t, "contract/c", "sea")
		if err := k.delete(t.Context(), "contract/c"); err != nil {
			t.Fatal(err)
		}
		want(t, "contract/c", "", errNoItem)
		set(t, "contract/c", "again")
	})
	t.Run("values come back byte for byte", func(t *testing.T) {
		for _, v := range []string{`{"a":"b c"}`, "ä€𐍈 \u202e", "line\nline\ttab", `'"$(x)\`, strings.Repeat("x", 2000)} {
			set(t, "contract/d", v)
		}
	})
	t.Run("a context that has ended stops it", func(t *testing.T) {
		set(t, "contract/e", "kept")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.get(ctx, "contract/e"); !errors.Is(err, context.Canceled) {
			t.Errorf("get: %v", err)
		}
		if err := k.set(ctx, "contract/e", "lost"); !errors.Is(err, context.Canceled) {
			t.Errorf("set: %v", err)
		}
		if err := k.delete(ctx, "contract/e"); !errors.Is(err, context.Canceled) {
			t.Errorf("delete: %v", err)
		}
		want(t, "contract/e", "kept", nil)
	})
	for _, a := range []string{"contract/a", "contract/b", "contract.2/b", "contract/c", "contract/d", "contract/e"} {
		if err := k.delete(t.Context(), a); err != nil {
			t.Errorf("delete %s: %v", a, err)
		}
	}
}

func TestFakeKeyring(t *testing.T) { keyringContract(t, newFakeKeyring()) }

// TestACallWithoutAnEndIsGivenUp: go-keyring knows neither context nor deadline.
func TestACallWithoutAnEndIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	never := func() (string, error) { <-release; return "late", nil }
	if v, err := bounded(t.Context(), time.Millisecond, never); v != "" || !errors.Is(err, ErrLocked) {
		t.Errorf("after the deadline: %q, %v, want ErrLocked", v, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := bounded(ctx, time.Hour, never); v != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %q, %v", v, err)
	}
	if v, err := bounded(t.Context(), time.Hour, func() (string, error) { return "v", errFault }); v != "v" || !errors.Is(err, errFault) {
		t.Errorf("in time: %q, %v", v, err)
	}
}
