package tokenstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"
)

// ready makes sure that the collection is open, asking for it to be unlocked where a prompt is allowed.
func (k *secretService) ready(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath) error {
	locked, err := k.locked(ctx, conn, path)
	if err != nil || !locked {
		return err
	}
	if k.o.NoPrompt || !mayPrompt(ctx) {
		return ErrLocked
	}
	return k.unlock(ctx, conn, path)
}

func (k *secretService) locked(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, k.o.deadline())
	defer cancel()
	var v dbus.Variant
	err := conn.Object(ssName, path).CallWithContext(ctx, ssProperty, 0, ssCollection, "Locked").Store(&v)
	locked, ok := v.Value().(bool)
	return locked || !ok, err
}

func (k *secretService) unlock(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath) error {
	call, cancel := context.WithTimeout(ctx, k.o.deadline())
	defer cancel()
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err := conn.Object(ssName, ssPath).CallWithContext(call, ssService+".Unlock", 0, []dbus.ObjectPath{path}).Store(&unlocked, &prompt)
	if err != nil {
		return err
	}
	if prompt != noPath {
		return k.prompt(ctx, conn, prompt)
	}
	if !slices.Contains(unlocked, path) {
		return ErrLocked
	}
	return nil
}

// prompt shows the keyring's own prompt and waits for it. A dismissed one means that somebody declined, or, on a system
// without a screen, that there was nothing to show it: either way the keyring stays locked.
func (k *secretService) prompt(ctx context.Context, conn *dbus.Conn, prompt dbus.ObjectPath) error {
	match := []dbus.MatchOption{dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(ssPrompt)}
	call, cancel := context.WithTimeout(ctx, k.o.deadline())
	defer cancel()
	if err := conn.AddMatchSignalContext(call, match...); err != nil {
		return err
	}
	defer func() { _ = conn.RemoveMatchSignal(match...) }() // the connection ends with the process
	signals := make(chan *dbus.Signal, 4)
	conn.Signal(signals)
	defer conn.RemoveSignal(signals)
	answered := false
	defer func() {
		if !answered {
			conn.Object(ssName, prompt).Go(ssPrompt+".Dismiss", dbus.FlagNoReplyExpected, nil)
		}
	}()
	if err := conn.Object(ssName, prompt).CallWithContext(call, ssPrompt+".Prompt", 0, "").Err; err != nil {
		return err
	}
	quiet, limit := k.o.after(promptQuiet), k.o.after(promptDeadline)
	for {
		select {
		case sig, ok := <-signals:
			if !ok {
				return fmt.Errorf("%w: the session bus went away", ErrAbsent)
			}
			if sig.Path != prompt || sig.Name != ssPrompt+".Completed" {
				continue
			}
			answered = true
			if dismissed, ok := first[bool](sig.Body); !ok || dismissed {
				return fmt.Errorf("%w: its prompt was dismissed or couldn't be shown", ErrLocked)
			}
			return nil
		case <-quiet:
			if k.o.Waiting != nil {
				k.o.Waiting("the keyring's unlocking prompt")
			}
			quiet = nil
		case <-limit:
			return fmt.Errorf("%w: nobody answered its prompt in %s", ErrLocked, promptDeadline)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func first[T any](body []any) (T, bool) {
	var zero T
	if len(body) == 0 {
		return zero, false
	}
	v, ok := body[0].(T)
	return v, ok
}
