package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
	gokeyring "github.com/zalando/go-keyring"
	secretservice "github.com/zalando/go-keyring/secret_service"
)

// Names of the Secret Service API.
const (
	ssName       = "org.freedesktop.secrets"
	ssPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	ssService    = "org.freedesktop.Secret.Service"
	ssCollection = "org.freedesktop.Secret.Collection"
	ssItem       = "org.freedesktop.Secret.Item"
	ssPrompt     = "org.freedesktop.Secret.Prompt"
	ssProperty   = "org.freedesktop.DBus.Properties.Get"

	// ssLogin is the collection that go-keyring prefers to the default one.
	ssLogin = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	noPath  = dbus.ObjectPath("/")
)

const keyringWords = "keyring (Secret Service)"

// secretService keeps items by go-keyring, in the collection and with the label and attributes that it chooses, so that any
// program built on it finds them. An item is read by a quick look first, see quickLook. What go-keyring can't do otherwise is done
// here on the connection that it uses too: to tell a locked keyring from a missing one before a call that would wait for a prompt, and
// to read in four calls, with a deadline, where go-keyring takes seven and has none. Writing, too, takes go-keyring's last call alone and none of the six before it, which
// repeat what is known here: a rotated refresh token isn't safe until that call is answered.
type secretService struct {
	o Options

	mu      sync.Mutex // a call that was given up may still be running
	session dbus.ObjectPath
	on      *dbus.Conn // the connection that session belongs to
	path    dbus.ObjectPath
	pathOn  *dbus.Conn // the connection on which path was found

	looking sync.Mutex
	quick   *quickLook
}

func newSystemKeyring(o Options) keyring { return &secretService{o: o} }

// connect looks for a bus before the D-Bus library does: that would start one with dbus-launch, which stays.
func (k *secretService) connect(ctx context.Context) (*dbus.Conn, error) {
	if err := k.findBus(); err != nil {
		return nil, err
	}
	conn, err := bounded(ctx, k.o.deadline(), dbus.SessionBus)
	if err != nil {
		if errors.Is(err, ErrLocked) || ctx.Err() != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: the session bus can't be reached: %w", ErrAbsent, err)
	}
	return conn, nil
}

func (k *secretService) findBus() error {
	address := k.o.getenv("DBUS_SESSION_BUS_ADDRESS")
	if address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return nil
	}
	dir := k.o.getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		return fmt.Errorf("%w: no session bus (neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set)", ErrAbsent)
	}
	socket := filepath.Join(dir, "bus")
	fi, err := os.Stat(socket)
	if err != nil || fi.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("%w: no session bus (DBUS_SESSION_BUS_ADDRESS isn't set, and there is no %s)", ErrAbsent, socket)
	}
	// The library looks in this one folder only, and starts a bus where it finds none.
	if filepath.Clean(dir) != fmt.Sprintf("/run/user/%d", os.Getuid()) {
		return fmt.Errorf("%w: its bus is found by export DBUS_SESSION_BUS_ADDRESS=unix:path=%s", ErrAbsent, socket)
	}
	return nil
}

// collection reads a property of the service, waits for the answer, and only then goes on: gnome-keyring-daemon aborts now
// and then when a fresh connection's first message opens a session or searches, and all keyrings are locked afterwards. The
// answer serves to choose the collection as go-keyring does.
func (k *secretService) collection(ctx context.Context, conn *dbus.Conn) (dbus.ObjectPath, error) {
	service := conn.Object(ssName, ssPath)
	var v dbus.Variant
	if err := service.CallWithContext(ctx, ssProperty, 0, ssService, "Collections").Store(&v); err != nil {
		return "", err
	}
	paths, ok := v.Value().([]dbus.ObjectPath)
	if !ok {
		return "", fmt.Errorf("%w: the service lists no collections", ErrAbsent)
	}
	if slices.Contains(paths, ssLogin) {
		return ssLogin, nil
	}
	var path dbus.ObjectPath
	if err := service.CallWithContext(ctx, ssService+".ReadAlias", 0, "default").Store(&path); err != nil {
		return "", err
	}
	if path == noPath {
		return "", fmt.Errorf("%w: the keyring service runs but has no default collection", ErrAbsent)
	}
	return path, nil
}

// open connects and finds the collection, within the deadline.
func (k *secretService) open(ctx context.Context) (*dbus.Conn, dbus.ObjectPath, error) {
	conn, err := k.connect(ctx)
	if err != nil {
		return nil, "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pathOn == conn {
		return conn, k.path, nil
	}
	call, cancel := context.WithTimeout(ctx, k.o.deadline())
	defer cancel()
	path, err := k.collection(call, conn)
	if err == nil {
		k.path, k.pathOn = path, conn
	}
	return conn, path, err
}

func (k *secretService) get(ctx context.Context, account string) (string, error) {
	if v, err := k.quickGet(ctx, account); !errors.Is(err, errNotQuick) {
		return v, err
	}
	conn, path, err := k.open(ctx)
	if err != nil {
		return "", k.explain(ctx, err)
	}
	v, err := k.lookup(ctx, conn, path, account)
	if err == nil || ctx.Err() != nil {
		return v, k.explain(ctx, err)
	}
	if !errors.Is(err, errNoItem) && dbusName(err) != "org.freedesktop.Secret.Error.IsLocked" {
		return "", k.explain(ctx, err)
	}
	// A locked collection may give its items' names or hide them: only an open one can tell that there is none.
	locked, lerr := k.locked(ctx, conn, path)
	if lerr != nil {
		return "", k.explain(ctx, lerr)
	}
	if !locked {
		return "", k.explain(ctx, err)
	}
	if err := k.ready(ctx, conn, path); err != nil {
		return "", k.explain(ctx, err)
	}
	v, err = k.lookup(ctx, conn, path, account)
	return v, k.explain(ctx, err)
}

func (k *secretService) lookup(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath, account string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, k.o.deadline())
	defer cancel()
	var found []dbus.ObjectPath
	attributes := map[string]string{"username": account, "service": keyringService}
	opening := k.beginSession(ctx, conn)
	err := conn.Object(ssName, path).CallWithContext(ctx, ssCollection+".SearchItems", 0, attributes).Store(&found)
	session, serr := k.endSession(conn, opening)
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", errNoItem
	case serr != nil:
		return "", serr
	}
	var secret struct {
		Session     dbus.ObjectPath
		Parameters  []byte
		Value       []byte
		ContentType string
	}
	err = conn.Object(ssName, found[0]).CallWithContext(ctx, ssItem+".GetSecret", 0, session).Store(&secret)
	return string(secret.Value), err
}

// openSession opens one session per connection; the service closes it with the connection.
func (k *secretService) openSession(ctx context.Context, conn *dbus.Conn) (dbus.ObjectPath, error) {
	ctx, cancel := context.WithTimeout(ctx, k.o.deadline())
	defer cancel()
	return k.endSession(conn, k.beginSession(ctx, conn))
}

// beginSession sends the question for a session, so that another can be on its way together with it: that is one turn less to
// wait for. It is never the first on a connection, see collection. nil: there is a session.
func (k *secretService) beginSession(ctx context.Context, conn *dbus.Conn) *dbus.Call {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.on == conn {
		return nil
	}
	return conn.Object(ssName, ssPath).
		GoWithContext(ctx, ssService+".OpenSession", 0, make(chan *dbus.Call, 1), "plain", dbus.MakeVariant(""))
}

// endSession waits for the answer, which comes at the end of the context of its question at the latest.
func (k *secretService) endSession(conn *dbus.Conn, opening *dbus.Call) (dbus.ObjectPath, error) {
	if opening == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.session, nil
	}
	var output dbus.Variant
	var session dbus.ObjectPath
	if err := (<-opening.Done).Store(&output, &session); err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.session, k.on = session, conn
	return session, nil
}

func (k *secretService) set(ctx context.Context, account, value string) error {
	// After a refresh the call itself finds out whether the collection is open still: the answer to another question would be waited for
	// while the new refresh token lies nowhere.
	return k.change(ctx, !mayPrompt(ctx), func(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath) error {
		session, err := k.openSession(ctx, conn)
		if err != nil {
			return err
		}
		_, err = bounded(ctx, k.o.deadline(), func() (struct{}, error) {
			service, err := secretservice.NewSecretService() // on the same connection
			if err != nil {
				return struct{}{}, err
			}
			attributes := map[string]string{"username": account, "service": keyringService}
			label := fmt.Sprintf("Password for '%s' on '%s'", account, keyringService)
			return struct{}{}, service.CreateItem(conn.Object(ssName, path), label, attributes, secretservice.NewSecret(session, value))
		})
		return err
	})
}

func (k *secretService) delete(ctx context.Context, account string) error {
	return k.change(ctx, false, func(ctx context.Context, _ *dbus.Conn, _ dbus.ObjectPath) error {
		_, err := bounded(ctx, k.o.deadline(), func() (struct{}, error) {
			return struct{}{}, gokeyring.Delete(keyringService, account)
		})
		return err
	})
}

// prepare connects, and opens the session that secrets are written by: a refresh token that has come is lost if the program ends before
// it is written, and until now nothing needs to be hurried.
func (k *secretService) prepare(ctx context.Context) error {
	ctx = withoutPrompt(ctx)
	conn, path, err := k.open(ctx)
	if err != nil {
		return k.explain(ctx, err)
	}
	locked, err := k.locked(ctx, conn, path)
	if err == nil && locked {
		err = ErrLocked
	}
	if err == nil {
		_, err = k.openSession(ctx, conn)
	}
	return k.explain(ctx, err)
}

// change runs call on the collection, once that is open; where it isn't known to be.
func (k *secretService) change(ctx context.Context, known bool, call func(context.Context, *dbus.Conn, dbus.ObjectPath) error) error {
	conn, path, err := k.open(ctx)
	if err == nil && !known {
		err = k.ready(ctx, conn, path)
	}
	if err == nil {
		err = call(ctx, conn, path)
	}
	return k.explain(ctx, err)
}

// explain turns what the bus, the service and go-keyring say into the errors that callers tell apart.
func (k *secretService) explain(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, errNoItem), errors.Is(err, ErrAbsent), errors.Is(err, ErrLocked), errors.Is(err, ErrRefused):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, gokeyring.ErrNotFound):
		return errNoItem
	case errors.Is(err, context.DeadlineExceeded):
		return silent(k.o.deadline())
	case errors.Is(err, dbus.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: the session bus went away", ErrAbsent)
	}
	switch name := dbusName(err); {
	case name == "":
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case name == "org.freedesktop.DBus.Error.ServiceUnknown", name == "org.freedesktop.DBus.Error.NameHasNoOwner",
		name == "org.freedesktop.DBus.Error.UnknownObject", name == "org.freedesktop.DBus.Error.UnknownInterface",
		name == "org.freedesktop.DBus.Error.UnknownMethod", name == "org.freedesktop.DBus.Error.Disconnected",
		name == "org.freedesktop.Secret.Error.NoSuchObject", strings.HasPrefix(name, "org.freedesktop.DBus.Error.Spawn."):
		return fmt.Errorf("%w: %w", ErrAbsent, err)
	case name == "org.freedesktop.Secret.Error.IsLocked":
		return ErrLocked
	case name == "org.freedesktop.Secret.Error.NoSession":
		return fmt.Errorf("%w: its service was started anew a moment ago", ErrLocked)
	case name == "org.freedesktop.DBus.Error.NoReply", name == "org.freedesktop.DBus.Error.Timeout",
		name == "org.freedesktop.DBus.Error.TimedOut":
		return fmt.Errorf("%w, or silent: %w", ErrLocked, err)
	default:
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
}

func dbusName(err error) string {
	if e, ok := errors.AsType[dbus.Error](err); ok {
		return e.Name
	}
	if e, ok := errors.AsType[*dbus.Error](err); ok {
		return e.Name
	}
	return ""
}
