//go:build !windows

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/token"
)

// secretRun is a machine on which every command is run, with everything that it shows and writes searched afterwards for every secret that
// has gone over the wire or was given to it.
type secretRun struct {
	t       *testing.T
	home    string // is searched
	given   string // what the user has in files of his own: secrets, keys, tokens
	wire    *wire
	own     map[string]string // secrets that never go over the wire
	env     []string
	outputs []output
	ran     map[string]bool
	n       int
}

// output is what one command showed.
type output struct {
	command, stdout, stderr string
	prints                  []string // names of secrets that it is its job to print on standard output
}

func newSecretRun(t *testing.T) *secretRun {
	t.Helper()
	s := &secretRun{t: t, home: t.TempDir(), given: t.TempDir(), wire: newWire(), own: map[string]string{}, ran: map[string]bool{}}
	s.env = []string{
		"HOME=" + s.home, "PATH=" + os.Getenv("PATH"), "TERM=dumb", "TMPDIR=" + filepath.Join(s.home, "tmp"), "BROWSER=browse",
		"BROWSE_LOG=" + filepath.Join(s.given, "children"),
	}
	if err := os.Mkdir(filepath.Join(s.home, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	return s
}

// give puts a secret into a file of the user's and returns its name.
func (s *secretRun) give(name, value string) string {
	s.t.Helper()
	file := filepath.Join(s.given, name)
	if err := os.WriteFile(file, []byte(value), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// as runs a command with further variables; prints names the secrets that it prints by its job, and codes the exit codes that it may have.
func (s *secretRun) as(env []string, codes []int, prints []string, stdin string, args ...string) string {
	s.t.Helper()
	s.n++
	har := filepath.Join(s.home, fmt.Sprintf("trace-%d.har", s.n))
	name := commandName(args)
	s.ran[name] = true
	flags := []string{"-v", "--trace", "--trace-file", har}
	// Behind -- stands another program's own line.
	at := slices.Index(args, "--")
	if at < 0 {
		at = len(args)
	}
	args = slices.Concat(args[:at], flags, args[at:])
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, testProgram(), args...)
	cmd.Dir = s.home
	cmd.Env = slices.Concat(s.env, env)
	if stdin != "" { // else the null device
		cmd.Stdin = strings.NewReader(stdin)
	}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(codes, code) {
		s.t.Fatalf("simsid %s exits with %d, want %d\n%s%s", strings.Join(args, " "), code, codes, out.String(), said.String())
	}
	s.outputs = append(s.outputs, output{"simsid " + strings.Join(args, " "), out.String(), said.String(), prints})
	return out.String()
}

// run is as for a command that succeeds and has no secret to print.
func (s *secretRun) run(env []string, args ...string) string {
	s.t.Helper()
	return s.as(env, []int{0}, nil, "", args...)
}

// commandName is the command of a line, with its subcommand.
func commandName(args []string) string {
	if len(args) > 1 && slices.Contains([]string{"profile", "store", "cert", "emulator"}, args[0]) && !strings.HasPrefix(args[1], "-") {
		return args[0] + " " + args[1]
	}
	return args[0]
}

// secrets are those of the wire and the user's own.
func (s *secretRun) secrets() map[string]string {
	all := s.wire.met()
	maps.Copy(all, s.own)
	return all
}

// check searches everything.
func (s *secretRun) check() {
	s.t.Helper()
	secrets := s.secrets()
	for _, o := range s.outputs {
		for _, leak := range leaks(o.withoutPrinted(secrets), secrets) {
			s.t.Errorf("%s prints %s:\n%s", o.command, leak, o.stdout)
		}
		for _, leak := range leaks(s.withoutAddresses(o.stderr), secrets) {
			if !strings.HasPrefix(leak, "user_code") && !strings.HasPrefix(leak, "verification_uri_complete") {
				s.t.Errorf("%s says %s:\n%s", o.command, leak, o.stderr)
			}
		}
	}
	for _, leak := range leaksInFiles(s.t, s.home, secrets, s.excepted) {
		s.t.Error("file " + leak)
	}
	for _, leak := range leaks(s.withoutAddresses(s.children()), secrets) {
		s.t.Errorf("a child is told %s", leak)
	}
}

// withoutPrinted is standard output without the values that it is the command's job to print: with anything of them left, or anything
// else, it still leaks.
func (o output) withoutPrinted(secrets map[string]string) string {
	text := o.stdout
	for secret, names := range secrets {
		for name := range strings.SplitSeq(names, ", ") {
			if slices.Contains(o.prints, name) {
				text = strings.ReplaceAll(text, secret, "")
			}
		}
	}
	return text
}

// children are the arguments and variables of the programs that simsid started by itself.
func (s *secretRun) children() string {
	b, err := os.ReadFile(filepath.Join(s.given, "children"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// withoutAddresses leaves out the addresses to sign in at, which a person is to visit: state, nonce and challenge are in them, and nothing
// else that is secret. Each stands on a line of its own.
func (s *secretRun) withoutAddresses(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
		address := strings.TrimSpace(line)
		return strings.Contains(address, "/authorize?") && !strings.Contains(address, "id_token_hint") && s.wire.sent(address)
	}), "\n")
}

// excepted are the files that a secret is kept in by their purpose: keys beside what they open.
func (s *secretRun) excepted(name string) bool {
	return strings.Contains(name, "/simsid/certificate/") && strings.HasSuffix(name, ".pem") || strings.Contains(name, "/simsid/emulator/")
}

// everyCommand are the commands that help names.
func everyCommand(t *testing.T) []string {
	t.Helper()
	list := regexp.MustCompile(`(?m)^  ([a-z]+)  +[A-Z]`)
	var all []string
	help := func(args ...string) string {
		return runExample(t, ".", nil, testProgram(), append(args, "--help")...)
	}
	top, _, _ := strings.Cut(help(), "\nTopics ")
	for _, m := range list.FindAllStringSubmatch(top, -1) {
		below, _, _ := strings.Cut(help(m[1]), "\nFlags:")
		_, subs, found := strings.Cut(below, "\nCommands:\n")
		if !found {
			all = append(all, m[1])
			continue
		}
		for _, sub := range list.FindAllStringSubmatch(subs, -1) {
			all = append(all, m[1]+" "+sub[1])
		}
	}
	return all
}

// serveWire serves a provider on loopback through the wire.
func (s *secretRun) serve(handler func(issuer string) http.Handler) string {
	s.t.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer := "http://" + server.Listener.Addr().String()
	server.Config.Handler = s.wire.around(handler(issuer))
	server.Start()
	s.t.Cleanup(server.Close)
	return issuer
}

// sims serves the emulator with a client of each flow; all have the same secret, which percent-encoding and JSON spell otherwise.
func (s *secretRun) sims(secret string) string {
	return s.serve(func(issuer string) http.Handler {
		config := emulator.Builtin()
		for _, f := range []emulator.Flow{emulator.FlowCodeWithProofKey, emulator.FlowHybridWithProof, emulator.FlowImplicit, emulator.FlowClientCredentials} {
			c := config.Clients[0]
			c.ID, c.Flow, c.AnyPort, c.Secret = string(f), f, true, token.NewSecret(secret)
			c.RedirectURIs = []string{"http://127.0.0.1:0/callback"}
			c.Scopes = append(slices.Clone(c.Scopes), "partner-read")
			config.Clients = append(config.Clients, c)
		}
		e, err := emulator.New(emulator.Options{Issuer: issuer + "/", Dir: filepath.Join(s.given, "sts"), Now: time.Now, Rand: rand.Reader, As: "head", Config: config})
		if err != nil {
			s.t.Fatal(err)
		}
		return e.Handler()
	})
}

// clientKey makes a key for private_key_jwt; each line of it counts as a secret.
func (s *secretRun) clientKey() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	s.keyLines("the client's key", text)
	return s.give("client.pem", text)
}

func (s *secretRun) keyLines(name, text string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) > 40 && !strings.HasPrefix(line, "-") {
			s.own[line] = name
		}
	}
}

func (s *secretRun) ownSecret(name, value string) string {
	s.own[value] = name
	return value
}

// TestNoSecretAnywhere takes each kind of credential through a whole login, by every command, with all that can be shown being shown.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	s := newSecretRun(t)
	everywhere(s)
	s.check()
	for _, c := range everyCommand(t) {
		if !s.ran[c] {
			t.Errorf("simsid %s isn't run here: add it, so that its output is searched too", c)
		}
	}
	// What was to be met was met: else nothing was searched for.
	met := map[string]bool{}
	for _, names := range s.secrets() {
		for name := range strings.SplitSeq(names, ", ") {
			met[name] = true
		}
	}
	for _, name := range []string{
		"client_secret", "password", "credentials of Basic", "credentials of Bearer", "code", "code_verifier", "code_challenge", "state", "nonce",
		"access_token", "id_token", "refresh_token", "signature of id_token", "token", "client_assertion", "cookie", "request_uri", "device_code",
		"id_token_hint", "another_secret", "header Subscription-Key", "the client's key", "the key of the store", "the passphrase", "the certificate's key",
	} {
		if !met[name] {
			t.Errorf("no %s was met", name)
		}
	}
	// The control: what is searched does hold what it is a command's job to print, and the search sees it there and in a file.
	for i := range s.outputs {
		s.outputs[i].prints = nil
	}
	if len(leaks(s.outputs[s.tokenAt()].stdout, s.secrets())) == 0 {
		t.Error("the search doesn't see the token that simsid token prints")
	}
	for secret, name := range s.secrets() {
		planted := filepath.Join(s.home, "planted")
		if err := os.WriteFile(planted, []byte("x"+secret+"y"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := leaksInFiles(t, s.home, map[string]string{secret: name}, s.excepted); len(got) == 0 {
			t.Errorf("the search doesn't see %s in a file", name)
		}
		break
	}
}

// tokenAt is the number of the output of simsid token.
func (s *secretRun) tokenAt() int {
	return slices.IndexFunc(s.outputs, func(o output) bool { return strings.HasPrefix(o.command, "simsid token ") })
}
