//go:build !linux

package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"

	gokeyring "github.com/zalando/go-keyring"
)

const keyringWords = "keyring (" + keyringName + ")"

// systemKeyring is what go-keyring gives, with a deadline.
type systemKeyring struct{ o Options }

func newSystemKeyring(o Options) keyring { return systemKeyring{o} }

func (k systemKeyring) get(ctx context.Context, account string) (string, error) {
	v, err := bounded(ctx, k.o.deadline(), func() (string, error) { return gokeyring.Get(keyringService, account) })
	return v, explain(err)
}

func (systemKeyring) expect(context.Context) {}

// set reads back what it wrote: the system tool of macOS reports success for what its interactive mode couldn't do.
func (k systemKeyring) set(ctx context.Context, account, value string) error {
	_, err := bounded(ctx, k.o.deadline(), func() (struct{}, error) {
		return struct{}{}, gokeyring.Set(keyringService, account, value)
	})
	if err != nil {
		return explain(err)
	}
	got, err := k.get(ctx, account)
	switch {
	case errors.Is(err, errNoItem), err == nil && got != value:
		return fmt.Errorf("%w: it didn't keep what was written", ErrRefused)
	default:
		return err
	}
}

func (k systemKeyring) delete(ctx context.Context, account string) error {
	_, err := bounded(ctx, k.o.deadline(), func() (struct{}, error) {
		return struct{}{}, gokeyring.Delete(keyringService, account)
	})
	return explain(err)
}

// prepare has nothing to do: each call stands by itself.
func (systemKeyring) prepare(context.Context) error { return nil }

func explain(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrLocked), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, gokeyring.ErrNotFound):
		return errNoItem
	case errors.Is(err, gokeyring.ErrUnsupportedPlatform):
		return fmt.Errorf("%w: %w", ErrAbsent, err)
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok && runtime.GOOS == "darwin" {
		return fmt.Errorf("%w: %w", keychainStatus(e.ExitCode()), err)
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok && runtime.GOOS == "windows" {
		return fmt.Errorf("%w: %w", credentialStatus(e), err)
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrAbsent, err)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// keychainStatus reads the exit code of macOS's security tool: the low byte of a Security framework status.
func keychainStatus(code int) error {
	switch code {
	case 36, 51: // errSecInteractionNotAllowed (over SSH, say), errSecAuthFailed
		return ErrLocked
	case 37, 50: // errSecNoDefaultKeychain, errSecNoSuchKeychain
		return ErrAbsent
	case 44: // errSecItemNotFound
		return errNoItem
	default: // 128 is errSecUserCanceled
		return ErrRefused
	}
}

// credentialStatus reads an error of the Windows credential manager.
func credentialStatus(e syscall.Errno) error {
	switch e {
	case 1168: // ERROR_NOT_FOUND
		return errNoItem
	case 1312: // ERROR_NO_SUCH_LOGON_SESSION: a service or a network logon has no credentials of its own
		return ErrAbsent
	default:
		return ErrRefused
	}
}
