// Package scan reads text of any size and finds what must not lie around in it: JSON Web Tokens, which it lists, and every credential
// that the traffic of OAuth 2.0 and OpenID Connect leaves in logs, which it replaces by a short hash. Text goes in by a reader, findings
// or redacted text come out in order by a writer; all processors work, and memory is bounded whatever the text is like.
//
// The text is cut into chunks anywhere. What is found depends on the text alone and not on the cuts: each rule decides by the text
// within a bounded distance, and what is still open at a chunk's end is handed on to the next one.
package scan

import (
	"context"
	"io"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// Bounds.
const (
	// maxHeader is the longest header in base64url characters that makes a text a JWT. A chain of certificates (x5c, RFC 7515
	// section 4.1.6) takes some 8,000.
	maxHeader = 16 << 10
	// maxKept is how much of one value is kept for its hash, and the longest token that is taken apart.
	maxKept = 1 << 20
	// maxName is the longest name in bytes that is looked at.
	maxName = 64
	// behind and ahead are how much text around a chunk its rules may see.
	behind = 1 << 11
	// near is how far before a value what says what it is may stand, so far are values searched that were found.
	near  = 1 << 9
	ahead = maxHeader + 4<<10
	// reach is how far behind its value a name may stand.
	reach = 1 << 11

	// mostChunk is what the nearest caches of a processor have room for; many workers share allChunks, so that memory doesn't grow with them.
	mostChunk  = 256 << 10
	allChunks  = 1 << 20
	leastChunk = 64 << 10
	maxWorkers = 64
)

// Options are what List and Redact have in common.
type Options struct {
	// Workers is how many goroutines search; 0 means one. More than 64 are not used.
	Workers int
	// Chunk is how many bytes a worker takes at a time; 0 means what suits the workers. What is found doesn't depend on it.
	Chunk int
	// Live says that the text comes from a program that may still be writing it: what is there is worked off at once.
	Live bool
	// Progress is told, now and then and from one goroutine, how many bytes of text have been worked off; nil tells nobody.
	Progress func(bytes int64)

	ahead int // tests look less far ahead, to cut short texts
}

// Summary says what one run met.
type Summary struct {
	Bytes, Lines int64
	// Found counts the tokens of a list by token.Kind, what a redaction replaced by Kind.
	Found map[string]int64
	// Verified, Failed and Expired count the tokens of a list.
	Verified, Failed, Expired int64
}

// Add adds the counts of o.
func (s *Summary) Add(o Summary) {
	s.Bytes, s.Lines = s.Bytes+o.Bytes, s.Lines+o.Lines
	s.Verified, s.Failed, s.Expired = s.Verified+o.Verified, s.Failed+o.Failed, s.Expired+o.Expired
	if s.Found == nil {
		s.Found = make(map[string]int64)
	}
	for k, n := range o.Found {
		s.Found[k] += n
	}
}

// Total is how many things were found.
func (s *Summary) Total() int64 {
	var n int64
	for _, c := range s.Found {
		n += c
	}
	return n
}

// Broken is a token that begins as a JWT and is none: it was cut off, or is damaged.
const Broken token.Kind = "broken_token"

// Kind is what a redaction has put a hash in place of. The word stands before the hash.
type Kind string

// The kinds.
const (
	RedactedJWT    Kind = "jwt"
	RedactedToken  Kind = "token" // opaque, or an assertion of another form
	RedactedCode   Kind = "code"
	RedactedSecret Kind = "secret"
	RedactedCookie Kind = "cookie"
	RedactedName   Kind = "name" // a name, a login name or an e-mail address
	// RedactedEncoded is a text in base64 with one of the others in it.
	RedactedEncoded Kind = "encoded"
)

// RedactOptions say how to redact.
type RedactOptions struct {
	Options
	// Key makes the hashes: whoever has it can find out a value that can be guessed by trying. It must not be empty.
	Key []byte
	// Personal replaces login names and e-mail addresses too.
	Personal bool
}

// Redact copies text from r to w with a hash in place of every credential. Everything else is unchanged, byte for byte. The error is that
// of r or w, or of ctx; what came before it has been written.
func Redact(ctx context.Context, w io.Writer, r io.Reader, o RedactOptions) (Summary, error) {
	a := newAnchors(true, o.Personal)
	return run(ctx, w, r, o.Options, func() *searcher {
		return &searcher{finder{cursor: cursor{anchors: a}, all: true, personal: o.Personal}, &redactor{mask: newMask(o.Key)}}
	})
}

// ListOptions say how to list.
type ListOptions struct {
	Options
	// Each appends what is to be written for a finding to dst. It is called by several goroutines at once, and what the finding points to
	// is valid until it returns.
	Each func(dst []byte, f *Finding) []byte
	// Verify checks a signature; nil leaves it unchecked. It is called by several goroutines at once.
	Verify Verifier
	// Now decides what has expired.
	Now time.Time
}

// Verifier checks a signature over input by the algorithm and the key that a header names. An error says in words that may be shown
// why it doesn't hold.
type Verifier interface {
	Verify(algorithm, keyID string, input, signature []byte) error
}

// List writes what Each makes of every JWT in the text of r to w, in the order of the text. The error is as for Redact.
func List(ctx context.Context, w io.Writer, r io.Reader, o ListOptions) (Summary, error) {
	a := newAnchors(false, false)
	return run(ctx, w, r, o.Options, func() *searcher {
		return &searcher{finder{cursor: cursor{anchors: a}}, &lister{options: &o}}
	})
}
