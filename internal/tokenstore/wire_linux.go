package tokenstore

import (
	"encoding/binary"
	"strings"
)

// This is as much of D-Bus's wire format as the quick look into the keyring needs (D-Bus specification, "Message
// Protocol"): a few kinds of call and their answers, least significant byte first. See quick_linux.go for the reason.

// The types of a message, and the fields of its header.
const (
	wireCall   = 1
	wireAnswer = 2
	wireFault  = 3

	fieldPath        = 1
	fieldInterface   = 2
	fieldMember      = 3
	fieldReplySerial = 5
	fieldDestination = 6
	fieldSignature   = 8
)

const (
	wireFixed  = 16       // the header's part of fixed length
	maxWire    = maxFile  // of one message: more than any item of ours
	maxHeader  = 64 << 10 // of its header
	maxReplies = 64       // messages that are read for the sake of one answer
)

// wireWriter builds one message or its body. Places are counted from its first byte.
type wireWriter struct{ b []byte }

func (w *wireWriter) align(n int) {
	for len(w.b)%n != 0 {
		w.b = append(w.b, 0)
	}
}

func (w *wireWriter) uint32(v uint32) {
	w.align(4)
	w.b = binary.LittleEndian.AppendUint32(w.b, v)
}

// text is a STRING or an OBJECT_PATH.
func (w *wireWriter) text(s string) {
	w.uint32(uint32(len(s))) //nolint:gosec // G115: names of ours, far below 4 GiB
	w.b = append(w.b, s...)
	w.b = append(w.b, 0)
}

func (w *wireWriter) signature(s string) {
	w.b = append(w.b, byte(len(s))) //nolint:gosec // G115: signatures of ours
	w.b = append(w.b, s...)
	w.b = append(w.b, 0)
}

// dictionary is a{ss}.
func (w *wireWriter) dictionary(pairs ...string) {
	w.uint32(0)
	length := len(w.b) - 4
	w.align(8)
	start := len(w.b)
	for i := 0; i+1 < len(pairs); i += 2 {
		w.align(8)
		w.text(pairs[i])
		w.text(pairs[i+1])
	}
	binary.LittleEndian.PutUint32(w.b[length:], uint32(len(w.b)-start)) //nolint:gosec // G115: as above
}

// wireMethod is a method call without its body.
type wireMethod struct {
	serial                               uint32
	destination, path, interfaceOf, name string
	signature                            string // of the body; "" for none
}

// marshal gives the whole message.
func (m wireMethod) marshal(body []byte) []byte {
	w := wireWriter{make([]byte, 0, 256+len(body))}
	w.b = append(w.b, 'l', wireCall, 0, 1)
	w.uint32(uint32(len(body))) //nolint:gosec // G115: as above
	w.uint32(m.serial)
	w.uint32(0)
	field := func(code byte, signature, value string) {
		if value == "" {
			return
		}
		w.align(8)
		w.b = append(w.b, code)
		w.signature(signature)
		if signature == "g" {
			w.signature(value)
		} else {
			w.text(value)
		}
	}
	field(fieldPath, "o", m.path)
	field(fieldDestination, "s", m.destination)
	field(fieldInterface, "s", m.interfaceOf)
	field(fieldMember, "s", m.name)
	field(fieldSignature, "g", m.signature)
	binary.LittleEndian.PutUint32(w.b[wireFixed-4:], uint32(len(w.b)-wireFixed)) //nolint:gosec // G115: as above
	w.align(8)
	return append(w.b, body...)
}

// wireReply is what is looked at of an incoming message.
type wireReply struct {
	kind      byte
	to        uint32 // the serial that it answers; 0: none
	signature string
	body      []byte
}

// wireLength tells how long the message is that b begins with: 0 when b is too short to tell. ok is false for what isn't taken.
func wireLength(b []byte) (n int, ok bool) {
	if len(b) < wireFixed {
		return 0, true
	}
	header, body := binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint32(b[4:])
	if b[0] != 'l' || b[3] != 1 || header > maxHeader || body > maxWire {
		return 0, false
	}
	return wireFixed + (int(header)+7)/8*8 + int(body), true
}

// parseReply reads a whole message, whose length wireLength has told.
func parseReply(b []byte) (wireReply, bool) {
	length := int(binary.LittleEndian.Uint32(b[4:]))
	m := wireReply{kind: b[1], body: b[len(b)-length:]}
	r := wireReader{b: b[:wireFixed+int(binary.LittleEndian.Uint32(b[12:]))], at: wireFixed}
	for !r.failed && r.at < len(r.b) {
		r.align(8)
		code := r.byte()
		switch signature := r.signature(); signature {
		case "u":
			v := r.uint32()
			if code == fieldReplySerial {
				m.to = v
			}
		case "s", "o":
			r.text()
		case "g":
			v := r.signature()
			if code == fieldSignature {
				m.signature = v
			}
		default:
			return wireReply{}, false
		}
	}
	return m, !r.failed
}

// wireReader reads one message or its body. The first fault makes everything behind it zero.
type wireReader struct {
	b      []byte
	at     int
	failed bool
}

// take gives the next n bytes, or zeros.
func (r *wireReader) take(n int) []byte {
	if r.failed || n < 0 || n > len(r.b)-r.at {
		r.failed = true
		return make([]byte, min(max(n, 0), 4))
	}
	r.at += n
	return r.b[r.at-n : r.at]
}

func (r *wireReader) align(n int) { r.take((n - r.at%n) % n) }

func (r *wireReader) byte() byte { return r.take(1)[0] }

func (r *wireReader) uint32() uint32 {
	r.align(4)
	return binary.LittleEndian.Uint32(r.take(4))
}

// length is a uint32 that counts bytes of this message.
func (r *wireReader) length() int {
	n := r.uint32()
	if uint64(n) > uint64(len(r.b)) {
		r.failed = true
		return 0
	}
	return int(n)
}

func (r *wireReader) text() string {
	s := string(r.take(r.length()))
	if r.byte() != 0 || r.failed || strings.IndexByte(s, 0) >= 0 {
		r.failed = true
		return ""
	}
	return s
}

func (r *wireReader) signature() string {
	s := string(r.take(int(r.byte())))
	if r.byte() != 0 || r.failed {
		r.failed = true
		return ""
	}
	return s
}

// bytes is an ARRAY of BYTE.
func (r *wireReader) bytes() []byte {
	b := r.take(r.length())
	if r.failed {
		return nil
	}
	return b
}

// paths is an ARRAY of OBJECT_PATH.
func (r *wireReader) paths() []string {
	n := r.length()
	end := r.at + n
	var paths []string
	for !r.failed && r.at < end {
		paths = append(paths, r.text())
	}
	if r.at != end {
		r.failed = true
	}
	if r.failed {
		return nil
	}
	return paths
}
