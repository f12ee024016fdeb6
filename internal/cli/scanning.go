package cli

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/scan"
)

// scanning is one run of scan over its files.
type scanning struct {
	*app
	workers  int
	named    bool   // findings say in which file
	salt     []byte // of a redaction; nil for a list
	personal bool
	keys     *provider.KeySet // nil: nothing is verified

	sum      scan.Summary
	unread   int // files that couldn't be read to their end
	claims   atomic.Int64
	progress progress

	mu     sync.Mutex
	failed error // the first view that couldn't be rendered
}

// file scans one file. What is wrong with it is told, and the others are scanned all the same; the error is of what ends them all.
func (s *scanning) file(ctx context.Context, name string) error {
	err := s.open(ctx, name)
	switch w := (*scan.WriteError)(nil); {
	case err == nil:
	case errors.Is(err, context.Canceled) || is[*usageError](err):
		return err
	case errors.As(err, &w):
		if isClosedPipe(err) {
			return closedPipeError{}
		}
		return err
	default:
		s.progress.clear()
		s.unread++
		text, hint := unreadWords(err)
		s.line("error", "%s: %s", shown(name), text)
		if hint != "" {
			s.line("hint", "%s", hint)
		}
	}
	return nil
}

// closedPipeError says that nobody reads the answer any more, as behind "| head": there is nothing to say to anybody.
type closedPipeError struct{}

func (closedPipeError) Error() string { return "the answer isn't read to its end" }

func shown(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

func unreadWords(err error) (text, hint string) {
	if e, ok := errors.AsType[*scan.FormatError](err); ok {
		return e.Error(), e.Mend + " | simsid scan"
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) || is[flate.CorruptInputError](err) {
		return "broken gzip: what comes behind the fault is missing", ""
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error(), ""
	}
	return err.Error(), ""
}

func (s *scanning) open(ctx context.Context, name string) error {
	in := s.env.Stdin
	var size int64
	if name != "-" {
		f, err := untilDone(ctx, func() (io.ReadCloser, error) { return s.env.Open(name) }) // of a pipe, it waits for who writes
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if f, ok := in.(interface{ Stat() (fs.FileInfo, error) }); ok {
		info, err := f.Stat()
		if err == nil && info.IsDir() {
			return errors.New("it is a folder: name files")
		}
		if err == nil && info.Mode().IsRegular() {
			size = info.Size()
			if s.isOutput(info) {
				return &usageError{Problem: shown(name) + " is where the answer goes too: name another file behind >", Command: "simsid scan"}
			}
		}
	}
	source, err := untilDone(ctx, func() (scan.Source, error) { return scan.NewSource(in) })
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if source.Packed {
		size = 0
	}
	return s.read(ctx, name, source, size)
}

// isOutput reports whether a file is standard output: reading it would never end, since it grows by what is read.
func (s *scanning) isOutput(in fs.FileInfo) bool {
	f, ok := s.env.Stdout.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	out, err := f.Stat()
	return err == nil && os.SameFile(in, out)
}

func (s *scanning) read(ctx context.Context, name string, source scan.Source, size int64) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	o := scan.Options{Workers: s.workers, Live: !source.Packed && size == 0, Progress: s.progress.file(shown(name), size)}
	var sum scan.Summary
	var err error
	if s.salt != nil {
		out := s.env.Stdout
		if source.Wide != nil {
			out = source.Wide.Writer(out)
		}
		sum, err = scan.Redact(ctx, out, source, scan.RedactOptions{Options: o, Key: s.salt, Personal: s.personal})
	} else {
		list := scan.ListOptions{Options: o, Now: s.env.Now()}
		if s.keys != nil {
			list.Verify = s.keys
		}
		view := s.renderOptions(s.env.StdoutTTY)
		view.Line = true
		list.Each = func(dst []byte, f *scan.Finding) []byte {
			out, err := s.each(ctx, dst, name, f, view)
			if err != nil {
				s.fails(err)
				stop(err)
			}
			return out
		}
		sum, err = scan.List(ctx, s.env.Stdout, source, list)
	}
	s.sum.Add(sum)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return &scan.WriteError{Err: s.failed}
	}
	return err
}

func (s *scanning) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

// each appends what is to be printed of a finding. It runs on several goroutines.
func (s *scanning) each(ctx context.Context, dst []byte, name string, f *scan.Finding, o render.Options) ([]byte, error) {
	v := render.Scanned{
		Line: f.Line, Kind: f.Kind, Problem: f.Problem, Header: f.Header, Claims: f.Claims, Plain: f.Plain,
		Issuer: f.Issuer, Subject: f.Subject, Expiry: f.Expiry, Expired: f.Expired, Memberships: f.Organisations,
		Signature: f.Signature, Why: f.Why,
	}
	if s.named {
		v.File = shown(name)
	}
	if o.JSON && o.JQ == "" && o.Claim == "" {
		return v.AppendLine(dst)
	}
	var b bytes.Buffer
	err := render.Write(ctx, &b, v, o)
	if o.Claim != "" {
		if is[*render.ClaimError](err) || is[*render.RefutedError](err) {
			return dst, nil // the next may have it
		}
		s.claims.Add(1)
	}
	return append(dst, b.Bytes()...), err
}

// progress tells a person who waits how far a scan is. It keeps silent where the answer goes to the same screen.
type progress struct {
	app  *app
	last time.Time
	on   bool
}

const progressEvery = 250 * time.Millisecond

func (p *progress) start(a *app) {
	if a.env.StderrTTY && !a.env.StdoutTTY && a.env.Getenv("TERM") != "dumb" && !a.json() {
		p.app, p.last = a, a.env.Now()
	}
}

// file returns what a scan of one file is to call; nil where nothing is shown.
func (p *progress) file(name string, size int64) func(int64) {
	if p.app == nil {
		return nil
	}
	return func(n int64) {
		now := p.app.env.Now()
		if now.Sub(p.last) < progressEvery {
			return
		}
		p.last, p.on = now, true
		text := render.Safe(name) + ": " + megabytes(n)
		if size > 0 {
			text += fmt.Sprintf(" of %s (%d %%)", megabytes(size), min(n*100/size, 100))
		}
		fmt.Fprintf(p.app.env.Stderr, "\r%s\x1b[K", text)
	}
}

// clear takes the line away.
func (p *progress) clear() {
	if p.on {
		fmt.Fprint(p.app.env.Stderr, "\r\x1b[K")
		p.on = false
	}
}

func megabytes(n int64) string { return grouped(n/1_000_000) + " MB" }
