package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/scan"
)

type scanOptions struct {
	cmd      *cobra.Command
	files    []string
	redact   bool
	personal bool
	saltFile string
	jwks     string
}

func newScanCmd(a *app) *cobra.Command {
	o := &scanOptions{}
	cmd := &cobra.Command{
		Use:   "scan [FILE|-]...",
		Short: "Find the tokens in logs, or take all credentials out of them",
		Long: `Reads text of any size, from files or standard input, packed by gzip or not,
and finds the JSON Web Tokens in it: in headers, addresses, JSON and HTTP
archives (HAR), percent-encoded or escaped too. Each is shown with its line,
what it is for, issuer, subject, expiry and organisations; with -o json as one
JSON object per line. Nothing is verified but with --jwks, which checks every
signature; then the exit code is 3 if one doesn't hold.

With --redact the text is copied to standard output instead, unchanged but for
a hash in place of every token, code, secret, private key, password and cookie:
laid out over lines, put together of pieces, escaped or in base64 too. What
stands between the pieces stays. --personal does the same to names, login names
and e-mail addresses. A value has the same hash wherever it occurs, so a login
can still be followed. Without --salt-file the hashes of one run say nothing to
another: who can guess a login name could otherwise find out whose hash it is.

What --redact can't see: opaque tokens, codes and secrets that no name or scheme
stands before, and the rest of one behind a line break; the same of a JWT that
is cut off in its claims; whatever is compressed, encrypted, an image, or
encoded in two ways at once; names of people in running text; what is longer
than 16 KB and laid out over lines, or than 12 KB in base64, of which only a
part is replaced. Read what comes out before you send it.`,
		Example: `  simsid scan app.log
  simsid scan -o json --jwks keys.json *.log.gz
  simsid scan --claim sub app.log
  simsid scan --redact --personal session.har > to-send.har
  kubectl logs sts | simsid scan --redact
  head -c 32 /dev/urandom > salt
  simsid scan --redact --salt-file salt monday.log > monday.txt`,
		GroupID: groupTokens,
		Args:    noEmptyArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd, o.files = cmd, args
			return runScan(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.redact, "redact", false, "copy the text with hashes in place of credentials")
	f.BoolVar(&o.personal, "personal", false, "with --redact: login names and e-mail addresses too")
	f.StringVar(&o.saltFile, "salt-file", "", "with --redact: a file of random bytes that makes hashes the same each time")
	f.StringVar(&o.jwks, "jwks", "", "check signatures with the keys in a file, or at an address")
	a.addClaimFlag(cmd)
	return cmd
}

// check refuses flags that could do nothing.
func (o *scanOptions) check(a *app) error {
	refuse := func(problem string) error { return &usageError{Problem: problem, Command: "simsid scan"} }
	switch {
	case o.redact && o.jwks != "":
		return refuse("--jwks has no meaning with --redact, which copies text and verifies nothing")
	case o.redact && (a.json() || a.global.claim != ""):
		return refuse("--redact answers with the text itself: -o json, --jq and --claim are for the list of tokens")
	case !o.redact && o.personal:
		return refuse("--personal is part of --redact")
	case !o.redact && o.saltFile != "":
		return refuse("--salt-file is part of --redact")
	case o.cmd.Flags().Changed("jwks") && o.jwks == "":
		return refuse("--jwks is empty: name a file or an address")
	case len(o.files) == 0 && a.env.StdinTTY:
		return refuse("there is nothing to read: name a file, or pipe text in")
	}
	if len(o.files) == 0 {
		o.files = []string{"-"}
	}
	return nil
}

func runScan(ctx context.Context, a *app, o *scanOptions) error {
	if err := o.check(a); err != nil {
		return err
	}
	s := &scanning{app: a, workers: runtime.GOMAXPROCS(0), named: len(o.files) > 1}
	var err error
	if o.redact {
		if s.salt, err = a.salt(ctx, o.saltFile); err != nil {
			return err
		}
		s.personal = o.personal
	}
	if o.jwks != "" {
		keys, err := a.scanKeys(ctx, o.jwks)
		if err != nil {
			return err
		}
		s.keys = &keys
	}
	s.progress.start(a)
	for _, name := range o.files {
		if err := s.file(ctx, name); err != nil {
			s.progress.clear()
			return err
		}
	}
	s.progress.clear()
	a.say("%s", s.words())
	switch {
	case s.unread > 0:
		return &hintedError{Code: exitFailed, Text: fmt.Sprintf("not all of the text could be read: see %s above", plural(int64(s.unread), "error"))}
	case s.sum.Failed > 0, a.global.claim != "" && s.claims.Load() == 0:
		return noError{}
	}
	return nil
}

// salt is what the hashes are made with: the file's bytes, or new ones.
func (a *app) salt(ctx context.Context, name string) ([]byte, error) {
	const least = 16
	if name == "" {
		b := make([]byte, 32)
		_, err := io.ReadFull(a.env.Rand, b)
		return b, err
	}
	b, err := a.readFile(ctx, name)
	switch {
	case err != nil:
		return nil, &hintedError{Code: exitUsage, Err: fmt.Errorf("read the salt: %w", err)}
	case len(b) < least:
		return nil, &hintedError{Code: exitUsage, Text: fmt.Sprintf("the salt has %d bytes, which can be found out by trying; %d are the least", len(b), least),
			Hints: []string{"head -c 32 /dev/urandom > " + shellWord(name)}}
	}
	return b, nil
}

// scanKeys reads the keys that signatures are checked with.
func (a *app) scanKeys(ctx context.Context, where string) (keys provider.KeySet, err error) {
	if strings.Contains(where, "://") {
		hc := provider.NewHTTPClient(provider.HTTPOptions{Timeout: a.global.timeout, Now: a.env.Now, After: a.env.After, Trace: a.trace})
		keys, err = provider.FetchJWKS(ctx, hc, where)
		return keys, keysError(where, err)
	}
	text, err := a.readFile(ctx, where)
	if err == nil {
		keys, err = provider.ParseJWKS(text)
	}
	return keys, keysError(where, err)
}

// words says what was met.
func (s *scanning) words() string {
	lines := " in " + plural(s.sum.Lines, "line")
	total := s.sum.Total()
	if s.salt != nil {
		if total == 0 {
			return "nothing was redacted" + lines
		}
		return "redacted" + lines + ": " + s.counts(scan.RedactedJWT, scan.RedactedToken, scan.RedactedCode, scan.RedactedSecret, scan.RedactedCookie, scan.RedactedName, scan.RedactedEncoded)
	}
	if total == 0 && s.sum.Lines == 0 {
		return "no tokens" + lines
	}
	if total == 0 {
		return "no tokens" + lines + "; opaque tokens, codes, secrets and passwords are found by --redact alone"
	}
	text := plural(total, "token") + lines
	if s.sum.Expired > 0 {
		text += fmt.Sprintf(", %s expired", grouped(s.sum.Expired))
	}
	switch {
	case s.keys == nil:
		text += "; nobody has verified them"
	case s.sum.Failed > 0:
		text += fmt.Sprintf("; %s verified, %s NOT VERIFIED by these keys", grouped(s.sum.Verified), grouped(s.sum.Failed))
	default:
		text += fmt.Sprintf("; %s verified", grouped(s.sum.Verified))
	}
	return text
}

// counts names each kind that was redacted with its number.
func (s *scanning) counts(kinds ...scan.Kind) string {
	var parts []string
	for _, k := range kinds {
		if n := s.sum.Found[string(k)]; n > 0 {
			word := string(k)
			switch k {
			case scan.RedactedJWT:
				word = "JWT"
			case scan.RedactedEncoded:
				word = "text in base64"
			default:
			}
			parts = append(parts, plural(n, word))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int64, word string) string {
	if first, rest, more := strings.Cut(word, " in "); n != 1 && more {
		word = first + "s in " + rest
	} else if n != 1 {
		word += "s"
	}
	return grouped(n) + " " + word
}

// grouped writes a number with a comma between thousands.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
