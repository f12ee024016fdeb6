package tokenstore

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// fakeBus is a bus with a Secret Service behind it, whose messages godbus writes and reads: what the quick look makes of the wire
// format is compared with somebody else's reading of it.
type fakeBus struct {
	t       *testing.T
	address string
	// handshake is the bus's line, "OK" and a number unless told otherwise.
	handshake string
	// answer changes or replaces the answer to one call; nil: as a service with one item answers.
	answer func(call *dbus.Message, usual *dbus.Message) []*dbus.Message
	// raw is sent instead of any answer to a member.
	raw map[string]string
	// asked are the members called so far, by the connection.
	asked chan string
}

func newFakeBus(t *testing.T) *fakeBus {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bus")
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	b := &fakeBus{t: t, address: "unix:path=" + path + ",guid=00", handshake: "OK 1234", asked: make(chan string, 100)}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(c)
		}
	}()
	return b
}

func (b *fakeBus) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		if strings.HasPrefix(line, "\x00AUTH EXTERNAL ") {
			_, _ = io.WriteString(c, b.handshake+"\r\n")
		}
		if line == "BEGIN\r\n" {
			break
		}
	}
	for {
		call, err := dbus.DecodeMessage(r)
		if err != nil {
			return
		}
		if err := call.IsValid(); err != nil {
			b.t.Errorf("a message that isn't valid: %v", err)
		}
		member, _ := call.Headers[dbus.FieldMember].Value().(string)
		b.asked <- member
		if text, ok := b.raw[member]; ok {
			_, _ = io.WriteString(c, text)
			continue
		}
		usual := b.usual(call, member)
		answers := []*dbus.Message{usual}
		if b.answer != nil {
			answers = b.answer(call, usual)
		}
		for _, m := range answers {
			if err := m.EncodeTo(c, binary.LittleEndian); err != nil {
				return
			}
		}
	}
}

// usual answers as a service does that has one item, "school/key".
func (b *fakeBus) usual(call *dbus.Message, member string) *dbus.Message {
	switch member {
	case "Hello":
		return reply(call, ":1.7")
	case "Get":
		return reply(call, dbus.MakeVariant([]dbus.ObjectPath{"/org/freedesktop/secrets/collection/session", ssLogin}))
	case "OpenSession":
		return reply(call, dbus.MakeVariant(""), dbus.ObjectPath("/org/freedesktop/secrets/session/s1"))
	case "SearchItems":
		attributes, _ := call.Body[0].(map[string]string)
		found := []dbus.ObjectPath{}
		if len(attributes) == 2 && attributes["service"] == "simsid" && attributes["username"] == "school/key" {
			found = append(found, ssLogin+"/7")
		}
		return reply(call, found)
	case "GetSecret":
		session, _ := call.Body[0].(dbus.ObjectPath)
		return reply(call, secretOf(session, "the value"))
	}
	return fault(call, "org.freedesktop.DBus.Error.UnknownMethod")
}

type wiredSecret struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

func secretOf(session dbus.ObjectPath, value string) wiredSecret {
	return wiredSecret{session, []byte{}, []byte(value), "text/plain"}
}

func reply(call *dbus.Message, body ...any) *dbus.Message {
	m := &dbus.Message{Type: dbus.TypeMethodReply, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(call.Serial()), dbus.FieldSender: dbus.MakeVariant(":1.2"),
	}}
	if len(body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	return m
}

func fault(call *dbus.Message, name string) *dbus.Message {
	m := reply(call, "words")
	m.Type = dbus.TypeError
	m.Headers[dbus.FieldErrorName] = dbus.MakeVariant(name)
	return m
}

func acquired() *dbus.Message {
	return &dbus.Message{Type: dbus.TypeSignal, Body: []any{":1.7"}, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath(busPath)), dbus.FieldInterface: dbus.MakeVariant(busName),
		dbus.FieldMember: dbus.MakeVariant("NameAcquired"), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf("")),
	}}
}

func (b *fakeBus) service() *secretService {
	address := b.address
	return &secretService{o: Options{Deadline: 20 * time.Second, Getenv: func(name string) string {
		if name == "DBUS_SESSION_BUS_ADDRESS" {
			return address
		}
		return ""
	}}}
}

func (b *fakeBus) takeAsked() string {
	var all []string
	for len(b.asked) > 0 {
		all = append(all, <-b.asked)
	}
	return strings.Join(all, " ")
}

func TestQuickLook(t *testing.T) {
	b := newFakeBus(t)
	b.answer = func(call, usual *dbus.Message) []*dbus.Message {
		return []*dbus.Message{acquired(), usual} // signals come whenever they like
	}
	k := b.service()
	// A context that can end has the look in a goroutine of its own.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i, ctx := range []context.Context{ctx, context.WithoutCancel(ctx)} {
		if v, err := k.quickGet(ctx, "school/key"); v != "the value" || err != nil {
			t.Fatalf("look %d: %q, %v", i, v, err)
		}
	}
	// The session is the connection's, and its answer is waited for before anything else is asked but the harmless question.
	if got, want := b.takeAsked(), "Hello Get OpenSession SearchItems GetSecret SearchItems GetSecret"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
}

// TestQuickLookAhead: who expects to read an item has the harmless question asked, once, and nothing else.
func TestQuickLookAhead(t *testing.T) {
	b := newFakeBus(t)
	k := b.service()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k.expect(ctx) // somebody may end it
	if k.quick != nil {
		t.Error("a look that can be ended was begun")
	}
	k.expect(context.Background())
	if got := <-b.asked + " " + <-b.asked; got != "Hello Get" {
		t.Errorf("asked %q", got)
	}
	k.expect(context.Background())
	// The program was away for longer than an answer may take.
	over := make(chan time.Time)
	close(over)
	k.quick.expired = over
	if v, err := k.quickGet(context.Background(), "school/key"); v != "the value" || err != nil {
		t.Fatalf("%q, %v", v, err)
	}
	if got := b.takeAsked(); got != "OpenSession SearchItems GetSecret" {
		t.Errorf("asked %q", got)
	}
	gone := newFakeBus(t).service()
	gone.o.Getenv = func(string) string { return "unix:path=/nowhere" }
	gone.expect(context.Background())
	if _, err := gone.quickGet(context.Background(), "school/key"); !errors.Is(err, errNotQuick) {
		t.Errorf("without a bus: %v", err)
	}
}

// TestQuickLookWaitsForTheFirstAnswer: gnome-keyring-daemon aborts now and then when a session or a search is what a connection begins
// with, or comes along with its first message.
func TestQuickLookWaitsForTheFirstAnswer(t *testing.T) {
	b := newFakeBus(t)
	release := make(chan struct{})
	var before string
	b.answer = func(call, usual *dbus.Message) []*dbus.Message {
		if member, _ := call.Headers[dbus.FieldMember].Value().(string); member == "Get" {
			<-release
		}
		return []*dbus.Message{usual}
	}
	done := make(chan error, 1)
	k := b.service()
	go func() {
		_, err := k.quickGet(context.Background(), "school/key")
		done <- err
	}()
	before = <-b.asked + " " + <-b.asked
	close(release)
	if err := <-done; err != nil || before != "Hello Get" {
		t.Errorf("asked %q before the first answer, %v", before, err)
	}
}

func TestQuickLookReadsTheDefaultCollection(t *testing.T) {
	b := newFakeBus(t)
	b.answer = func(call, usual *dbus.Message) []*dbus.Message {
		switch member, _ := call.Headers[dbus.FieldMember].Value().(string); member {
		case "Get":
			usual = reply(call, dbus.MakeVariant([]dbus.ObjectPath{"/org/freedesktop/secrets/collection/wallet"}))
		case "ReadAlias":
			usual = reply(call, dbus.ObjectPath("/org/freedesktop/secrets/collection/wallet"))
		case "SearchItems":
			if path, _ := call.Headers[dbus.FieldPath].Value().(dbus.ObjectPath); path != "/org/freedesktop/secrets/collection/wallet" {
				usual = reply(call, []dbus.ObjectPath{})
			}
		}
		return []*dbus.Message{usual}
	}
	if v, err := b.service().quickGet(context.Background(), "school/key"); v != "the value" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}

func TestQuickLookReadsLongValues(t *testing.T) {
	b := newFakeBus(t)
	long := strings.Repeat("long ", 200_000)
	b.answer = func(call, usual *dbus.Message) []*dbus.Message {
		if member, _ := call.Headers[dbus.FieldMember].Value().(string); member == "GetSecret" {
			usual = reply(call, secretOf("/s", long))
		}
		return []*dbus.Message{usual}
	}
	if v, err := b.service().quickGet(context.Background(), "school/key"); v != long || err != nil {
		t.Errorf("%d bytes, %v", len(v), err)
	}
}

// TestQuickLookLeavesTheRest: whatever isn't the plain case is for the careful way, and ends no command.
func TestQuickLookLeavesTheRest(t *testing.T) {
	instead := func(name string, body ...any) func(*fakeBus) {
		return func(b *fakeBus) {
			b.answer = func(call, usual *dbus.Message) []*dbus.Message {
				if member, _ := call.Headers[dbus.FieldMember].Value().(string); member == name {
					usual = reply(call, body...)
				}
				return []*dbus.Message{usual}
			}
		}
	}
	refused := func(name string) func(*fakeBus) {
		return func(b *fakeBus) {
			b.answer = func(call, usual *dbus.Message) []*dbus.Message {
				if member, _ := call.Headers[dbus.FieldMember].Value().(string); member == name {
					usual = fault(call, "org.freedesktop.Secret.Error.IsLocked")
				}
				return []*dbus.Message{usual}
			}
		}
	}
	raw := func(text string) func(*fakeBus) {
		return func(b *fakeBus) { b.raw = map[string]string{"Get": text} }
	}
	for name, arrange := range map[string]func(*fakeBus){
		"another handshake":                func(b *fakeBus) { b.handshake = "REJECTED DBUS_COOKIE_SHA1" },
		"no end of the handshake":          func(b *fakeBus) { b.handshake = strings.Repeat("x", maxHeader+1) },
		"no such item":                     instead("SearchItems", []dbus.ObjectPath{}),
		"a locked item":                    refused("GetSecret"),
		"no session":                       refused("OpenSession"),
		"no service":                       refused("Get"),
		"an encrypted session":             instead("OpenSession", dbus.MakeVariant([]byte("key")), dbus.ObjectPath("/s")),
		"collections of another type":      instead("Get", dbus.MakeVariant("none")),
		"a property that isn't a variant":  instead("Get", []dbus.ObjectPath{ssLogin}),
		"items of another type":            instead("SearchItems", []string{"/a"}),
		"a secret of another type":         instead("GetSecret", "the value"),
		"an address of another kind":       func(b *fakeBus) { b.address = "tcp:host=localhost,port=1" },
		"a list of addresses":              func(b *fakeBus) { b.address += ";unix:path=/a" },
		"an escaped address":               func(b *fakeBus) { b.address = "unix:path=/a%20b" },
		"a key that isn't known":           func(b *fakeBus) { b.address += ",runtime=yes" },
		"a path that is too long":          func(b *fakeBus) { b.address = "unix:path=/" + strings.Repeat("a", 107) },
		"no socket there":                  func(b *fakeBus) { b.address = "unix:path=/does/not/exist" },
		"the other byte order":             raw("B\x02\x00\x01" + strings.Repeat("\x00", 100)),
		"a message without an end":         raw("l\x02\x00\x01\xff\xff\xff\x7f" + strings.Repeat("\x00", 100)),
		"a header without an end":          raw("l\x02\x00\x01\x00\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\x7f"),
		"a header that isn't one":          raw("l\x02\x00\x01\x00\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00\x00\x05\x01x\x00\x00\x00\x00\x00"),
		"nothing but signals":              flood,
		"no address and no runtime folder": func(b *fakeBus) { b.address = "" },
	} {
		t.Run(name, func(t *testing.T) {
			b := newFakeBus(t)
			arrange(b)
			k := b.service()
			for range 2 { // it stays so for this process
				if v, err := k.quickGet(context.Background(), "school/key"); v != "" || !errors.Is(err, errNotQuick) {
					t.Errorf("%q, %v, want errNotQuick", v, err)
				}
			}
		})
	}
}

// flood has the bus send signals and no answer.
func flood(b *fakeBus) {
	b.answer = func(call, usual *dbus.Message) []*dbus.Message {
		if member, _ := call.Headers[dbus.FieldMember].Value().(string); member != "Get" {
			return []*dbus.Message{usual}
		}
		var all []*dbus.Message
		for range maxReplies + 1 {
			all = append(all, acquired())
		}
		return all
	}
}

// TestQuickLookHasADeadline: silence is the answer, and isn't waited for a second time by the careful way.
func TestQuickLookHasADeadline(t *testing.T) {
	b := newFakeBus(t)
	b.answer = func(_, _ *dbus.Message) []*dbus.Message { return nil }
	k := b.service()
	k.o.Deadline = 30 * time.Millisecond
	if v, err := k.get(context.Background(), "school/key"); v != "" || !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "silent") {
		t.Errorf("%q, %v, want ErrLocked", v, err)
	}
}

// TestQuickLookIsLate: an answer that has come counts, however long it took to get around to reading it; none is waited for then.
func TestQuickLookIsLate(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	expired := make(chan time.Time, 1)
	expired <- time.Time{}
	q := &quickLook{fd: fds[0], limit: time.Hour, after: time.After, expired: expired}
	defer q.close()
	defer func() { _ = syscall.Close(fds[1]) }()
	if _, err := syscall.Write(fds[1], []byte("answer")); err != nil {
		t.Fatal(err)
	}
	if err := q.fill(); err != nil || string(q.read) != "answer" {
		t.Errorf("read %q, %v", q.read, err)
	}
	for range 2 {
		if err := q.fill(); !errors.Is(err, ErrLocked) {
			t.Errorf("%v, want ErrLocked", err)
		}
	}
	// The next question has its own time.
	if err := q.send([]byte("question")); err != nil || q.late {
		t.Errorf("the next question is late already: %v", err)
	}
}

// FuzzWire: whatever comes over the wire, reading it ends, and within the message.
func FuzzWire(f *testing.F) {
	call := &dbus.Message{}
	for _, m := range []*dbus.Message{
		reply(call, dbus.MakeVariant([]dbus.ObjectPath{ssLogin})), reply(call, dbus.MakeVariant(""), dbus.ObjectPath("/s")),
		reply(call, secretOf("/s", "v")), reply(call, []dbus.ObjectPath{"/a", "/b"}), fault(call, "a.b"), acquired(),
	} {
		var b strings.Builder
		if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(b.String()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, ok := wireLength(b)
		if !ok || n == 0 || n > len(b) {
			return
		}
		m, ok := parseReply(b[:n:n])
		if !ok {
			return
		}
		collectionsIn(m)
		sessionIn(m)
		if _, err := secretIn(m); err != nil && !errors.Is(err, errNotQuick) {
			t.Error(err)
		}
	})
}
