package provider

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// Sounding is what a bare connection to an address finds out about who answers there, for words alone.
type Sounding struct {
	End    SoundingEnd
	Speaks string // where SoundingSpoke: the protocol in words, "plain HTTP"; "" for one that isn't known
	First  string // where that isn't known: what came first, clipped; foreign text
}

// SoundingEnd is how a sounding ended.
type SoundingEnd int

// The ends.
const (
	SoundingNone   SoundingEnd = iota // no connection came about
	SoundingSpoke                     // something came
	SoundingClosed                    // the connection was closed before anything came
	SoundingBroken                    // it was broken off: reset, aborted
	SoundingSilent                    // it was taken, and nothing came in time
)

// Names of protocols that a bare connection tells apart and that callers branch on.
const (
	SpeaksHTTP = "plain HTTP"
	SpeaksTLS  = "TLS"
)

// greetingTime is how long a server may take that speaks first, as SSH's and mail's do.
const greetingTime = 500 * time.Millisecond

// Sound connects to host and port, listens for a greeting, asks for nothing in particular by HTTP/1.0 if there is none, and tells what came
// first. Nothing of the user's is sent. ctx must have a deadline.
func Sound(ctx context.Context, address string) Sounding {
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return unconnected(err)
	}
	defer conn.Close()
	greeting, cancel := context.WithTimeout(ctx, greetingTime)
	defer cancel()
	first, err := readSome(greeting, conn)
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		// A name that nobody has: whatever a server makes of it, it answers for no one's site. Where it can't be sent, the read says why.
		_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\nHost: simsid.invalid\r\n\r\n")
		first, err = readSome(ctx, conn)
	}
	switch {
	case len(first) > 0:
		return spoken(first)
	case errors.Is(err, io.EOF):
		return Sounding{End: SoundingClosed}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Sounding{End: SoundingSilent}
	}
	return Sounding{End: SoundingBroken}
}

// unconnected tells of a connection that didn't come about.
func unconnected(err error) Sounding {
	if BrokenOff(err) {
		return Sounding{End: SoundingBroken}
	}
	return Sounding{}
}

// readSome reads what comes first, until ctx ends.
func readSome(ctx context.Context, conn net.Conn) ([]byte, error) {
	_ = conn.SetReadDeadline(time.Time{}) // it fails where the read does

	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) }) // long past: what waits, ends
	defer stop()
	first := make([]byte, 64)
	n, err := conn.Read(first)
	return first[:n], err
}

// spoken names the protocol of a server by its first bytes.
func spoken(first []byte) Sounding {
	s := Sounding{End: SoundingSpoke}
	for _, known := range []struct{ begins, speaks string }{
		{"HTTP/", SpeaksHTTP}, {"SSH-", "SSH"}, {"220", "FTP or SMTP (mail)"}, {"+OK", "POP3 (mail)"}, {"* OK", "IMAP (mail)"}, {"RFB ", "VNC"},
		{"-ERR", "Redis"}, {"-DENIED", "Redis"},
	} {
		if bytes.HasPrefix(first, []byte(known.begins)) {
			s.Speaks = known.speaks
			return s
		}
	}
	switch {
	// RFC 8446 section 5.1: a record's type, from 20 to 23, and a version that begins with 3.
	case len(first) > 1 && first[0] >= 20 && first[0] <= 23 && first[1] == 3:
		s.Speaks = SpeaksTLS
	case len(first) > 4 && first[3] == 0 && first[4] == 10: // a packet's length and number, and version 10 of the protocol
		s.Speaks = "MySQL"
	default:
		const shown = 32
		s.First = visible(clip(string(first), shown))
	}
	return s
}
