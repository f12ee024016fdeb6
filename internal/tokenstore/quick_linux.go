package tokenstore

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Most commands want one item of the keyring, and the keyring is there, open, and has it. That case is asked for here, over a
// connection of the quick look's own that blocks and has no library behind it: the handshake, the greeting and the first question
// leave in one piece, which the D-Bus library waits for five times, and no answer wakes one goroutine to wake another. Whatever
// comes out otherwise (another kind of bus, a locked keyring, no such item, an answer that isn't understood) is no answer at all: the
// careful way by the library then begins from the start, and says what is the matter. The order of the questions is the same as
// there, for the reason that collection gives.
type quickLook struct {
	fd         int
	limit      time.Duration // for the answer to one message, or to several that are sent together
	after      func(time.Duration) <-chan time.Time
	expired    <-chan time.Time
	late       bool   // it has expired
	read       []byte // and not yet looked at
	serial     uint32
	greeting   uint32 // the question that went with the greeting; 0: it hasn't been sent
	session    string // "" until the first look has begun
	collection string
}

// quickAnswers is how often an answer is waited for at most: at the handshake, for an alias, for items and the session, for a secret.
const quickAnswers = 4

// errNotQuick says that the careful way is to be gone.
var errNotQuick = errors.New("not a case for the quick look")

// The bus itself.
const (
	busName = "org.freedesktop.DBus" // and its interface
	busPath = "/org/freedesktop/DBus"
)

// quickGet reads an item. Its error is errNotQuick, ErrLocked (nobody answers), or the context's.
func (k *secretService) quickGet(ctx context.Context, account string) (string, error) {
	look := func() (string, error) {
		k.looking.Lock()
		defer k.looking.Unlock()
		if k.quick == nil {
			k.quick = k.newQuickLook()
		}
		v, err := k.quick.get(account)
		if err != nil {
			k.quick.close()
		}
		return v, err
	}
	if ctx.Done() == nil {
		return look() // nobody can end it but its own deadline
	}
	return bounded(ctx, quickAnswers*k.o.deadline(), look)
}

// expect has the greeting and the first question on their way while this program reads its files.
func (k *secretService) expect(ctx context.Context) {
	if ctx.Done() != nil {
		return // whoever may end it waits for nothing but an answer
	}
	k.looking.Lock()
	defer k.looking.Unlock()
	if k.quick != nil {
		return
	}
	k.quick = k.newQuickLook()
	if k.quick.fd >= 0 && k.quick.greet() != nil {
		k.quick.close()
	}
}

// newQuickLook connects; a look that can't be taken has no connection.
func (k *secretService) newQuickLook() *quickLook {
	q := &quickLook{fd: -1, limit: k.o.deadline(), after: k.o.after}
	name, ok := socketOf(k.o.getenv("DBUS_SESSION_BUS_ADDRESS"), k.o.getenv("XDG_RUNTIME_DIR"))
	if !ok || k.findBus() != nil {
		return q
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return q
	}
	q.fd = fd
	limit := syscall.NsecToTimeval(q.limit.Nanoseconds())
	err = errors.Join(
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit),
	)
	if err == nil {
		err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: name})
	}
	if err != nil {
		q.close()
	}
	return q
}

// socketOf gives the socket that a bus's address names, "@" for an abstract one. Only the plainest form is taken.
func socketOf(address, runtimeDir string) (name string, ok bool) {
	if address == "" {
		return filepath.Join(runtimeDir, "bus"), runtimeDir != ""
	}
	keys, ok := strings.CutPrefix(address, "unix:")
	if !ok || strings.ContainsAny(keys, "%;") {
		return "", false
	}
	for pair := range strings.SplitSeq(keys, ",") {
		switch key, value, _ := strings.Cut(pair, "="); key {
		case "path":
			name = value
		case "abstract":
			name = "@" + value
		case "guid":
		default:
			return "", false
		}
	}
	const longest = 107 // sun_path, see unix(7)
	return name, len(name) > 1 && len(name) <= longest
}

func (q *quickLook) close() {
	if q.fd >= 0 {
		_ = syscall.Close(q.fd)
	}
	q.fd = -1
}

func (q *quickLook) get(account string) (string, error) {
	if q.fd < 0 {
		return "", errNotQuick
	}
	var opening wireMethod
	var questions []byte
	if q.session == "" {
		if err := q.begin(); err != nil {
			return "", err
		}
		var body wireWriter
		body.text("plain")
		body.signature("s")
		body.text("")
		opening = q.method(string(ssPath), ssService, "OpenSession", "sv")
		questions = opening.marshal(body.b)
	}
	var attributes wireWriter
	attributes.dictionary("username", account, "service", keyringService)
	searching := q.method(q.collection, ssCollection, "SearchItems", "a{ss}")
	wanted := []uint32{searching.serial, opening.serial}
	if q.session != "" {
		wanted = wanted[:1]
	}
	answers, err := q.ask(append(questions, searching.marshal(attributes.b)...), wanted...)
	if err != nil {
		return "", err
	}
	if q.session == "" {
		q.session = sessionIn(answers[1])
	}
	items := wireReader{b: answers[0].body}
	found := items.paths()
	if q.session == "" || answers[0].signature != "ao" || len(found) == 0 {
		return "", errNotQuick
	}
	var body wireWriter
	body.text(q.session)
	getting := q.method(found[0], ssItem, "GetSecret", "o")
	if answers, err = q.ask(getting.marshal(body.b), getting.serial); err != nil {
		return "", err
	}
	return secretIn(answers[0])
}

// greet says who is there, and asks the harmless question.
func (q *quickLook) greet() error {
	greeting := wireMethod{serial: q.next(), destination: busName, path: busPath, interfaceOf: busName, name: "Hello"}
	var body wireWriter
	body.text(ssService)
	body.text("Collections")
	reading := q.method(string(ssPath), "org.freedesktop.DBus.Properties", "Get", "ss")
	user := hex.EncodeToString([]byte(strconv.Itoa(syscall.Geteuid())))
	q.greeting = reading.serial
	return q.send(slices.Concat([]byte("\x00AUTH EXTERNAL "+user+"\r\nBEGIN\r\n"), greeting.marshal(nil), reading.marshal(body.b)))
}

// begin waits for the answer to the harmless question, and chooses the collection by it. Only then may anything else be asked.
func (q *quickLook) begin() error {
	if q.greeting != 0 {
		q.allow() // what this program did meanwhile doesn't count
	} else if err := q.greet(); err != nil {
		return err
	}
	if err := q.welcome(); err != nil {
		return err
	}
	answers, err := q.await(q.greeting)
	if err != nil {
		return err
	}
	if slices.Contains(collectionsIn(answers[0]), string(ssLogin)) {
		q.collection = string(ssLogin)
		return nil
	}
	var alias wireWriter
	alias.text("default")
	asking := q.method(string(ssPath), ssService, "ReadAlias", "s")
	if answers, err = q.ask(asking.marshal(alias.b), asking.serial); err != nil {
		return err
	}
	r := wireReader{b: answers[0].body}
	if q.collection = r.text(); answers[0].signature != "o" || r.failed || q.collection == string(noPath) {
		return errNotQuick
	}
	return nil
}

// welcome reads the bus's part of the handshake.
func (q *quickLook) welcome() error {
	for {
		line, rest, whole := bytes.Cut(q.read, []byte("\r\n"))
		switch {
		case whole && bytes.HasPrefix(line, []byte("OK ")):
			q.read = rest
			return nil
		case whole || len(q.read) > maxHeader:
			return errNotQuick
		}
		if err := q.fill(); err != nil {
			return err
		}
	}
}

func (q *quickLook) next() uint32 {
	q.serial++
	return q.serial
}

// method is a call to the Secret Service.
func (q *quickLook) method(path, interfaceOf, name, signature string) wireMethod {
	return wireMethod{serial: q.next(), destination: ssName, path: path, interfaceOf: interfaceOf, name: name, signature: signature}
}

// ask sends calls and waits for the answers, in the order of wanted.
func (q *quickLook) ask(calls []byte, wanted ...uint32) ([]wireReply, error) {
	if err := q.send(calls); err != nil {
		return nil, err
	}
	return q.await(wanted...)
}

func (q *quickLook) await(wanted ...uint32) ([]wireReply, error) {
	answers := make([]wireReply, len(wanted))
	for missing, read := len(wanted), 0; missing > 0; read++ {
		n, ok := wireLength(q.read)
		for ok && (n == 0 || n > len(q.read)) {
			if err := q.fill(); err != nil {
				return nil, err
			}
			n, ok = wireLength(q.read)
		}
		if !ok || read > maxReplies {
			return nil, errNotQuick
		}
		m, ok := parseReply(q.read[:n:n])
		q.read = q.read[n:]
		i := slices.Index(wanted, m.to)
		switch {
		case !ok:
			return nil, errNotQuick
		case i < 0 || m.kind != wireAnswer && m.kind != wireFault:
			continue // a signal, or the answer to the greeting
		case m.kind == wireFault || answers[i].kind != 0:
			return nil, errNotQuick
		}
		answers[i] = m
		missing--
	}
	return answers, nil
}

// allow has the time for an answer begin.
func (q *quickLook) allow() { q.expired, q.late = q.after(q.limit), false }

// send has the time for the answer begin. What this program itself waited for before, for its turn on a busy machine, doesn't count.
func (q *quickLook) send(b []byte) error {
	q.allow()
	for len(b) > 0 {
		n, err := syscall.Write(q.fd, b)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return q.fault(err)
		}
		b = b[max(n, 0):]
	}
	return nil
}

// fill reads what there is, waiting for the first byte of it. When the time is over what is there is still read, but not waited for: a
// machine that is busy elsewhere may have kept this program waiting, and not the keyring.
func (q *quickLook) fill() error {
	select {
	case <-q.expired:
		q.late = true
	default:
	}
	flags := 0
	if q.late {
		flags = syscall.MSG_DONTWAIT
	}
	const atOnce = 4 << 10
	q.read = slices.Grow(q.read, atOnce)
	n, _, err := syscall.Recvfrom(q.fd, q.read[len(q.read):cap(q.read)], flags)
	switch {
	case errors.Is(err, syscall.EINTR):
		return nil // by the runtime's own signals; the caller comes again
	case err != nil:
		return q.fault(err)
	case n == 0:
		return errNotQuick
	}
	q.read = q.read[:len(q.read)+n]
	return nil
}

// fault: a bus or a keyring that is silent stays so for the careful way too.
func (q *quickLook) fault(err error) error {
	if errors.Is(err, syscall.EAGAIN) {
		return silent(q.limit)
	}
	return errNotQuick
}

// collectionsIn reads the answer to the question for the property Collections.
func collectionsIn(m wireReply) []string {
	r := wireReader{b: m.body}
	if m.signature != "v" || r.signature() != "ao" {
		return nil
	}
	return r.paths()
}

// sessionIn reads the answer of OpenSession for the algorithm "plain".
func sessionIn(m wireReply) string {
	r := wireReader{b: m.body}
	if m.signature != "vo" || r.signature() != "s" {
		return ""
	}
	r.text()
	return r.text()
}

// secretIn reads the answer of GetSecret.
func secretIn(m wireReply) (string, error) {
	r := wireReader{b: m.body}
	r.text()  // the session
	r.bytes() // parameters, which plain has none of
	value := r.bytes()
	r.text() // the content's type
	if m.signature != "(oayays)" || r.failed {
		return "", errNotQuick
	}
	return string(value), nil
}
