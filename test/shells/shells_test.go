//go:build real

package shells_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/simsid/simsid/test/program"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary)) }

// shell is one that people type into.
type shell struct {
	name   string
	args   []string
	env    []string          // on top of the user's
	files  map[string]string // below the home
	status string            // how the last exit code is written
	// completes says that it has completion.
	completes bool
}

const prompt = "ready> "

func shells() []shell {
	return []shell{
		{name: "dash", args: []string{"-i"}, env: []string{"PS1=" + prompt}, status: "$?"},
		{
			name: "bash", args: []string{"--noprofile", "-i"}, status: "$?", completes: true,
			files: map[string]string{".bashrc": "PS1='" + prompt + "'\nsource <(simsid completion bash)\n"},
		},
		{
			name: "bash, with its package", args: []string{"--noprofile", "-i"}, status: "$?", completes: true,
			files: map[string]string{".bashrc": "PS1='" + prompt + "'\n. /usr/share/bash-completion/bash_completion\nsource <(simsid completion bash)\n"},
		},
		{
			name: "zsh", args: []string{"-i"}, status: "$?", completes: true,
			files: map[string]string{".zshrc": "PS1='" + prompt + "'\nautoload -U compinit; compinit -u -D\nsource <(simsid completion zsh)\n"},
		},
		{
			name: "zsh, from its folder of functions", args: []string{"-i"}, status: "$?", completes: true,
			files: map[string]string{".zshrc": "PS1='" + prompt + "'\nmkdir -p ~/functions; simsid completion zsh > ~/functions/_simsid\nfpath=(~/functions $fpath)\nautoload -U compinit; compinit -u -D\n"},
		},
		{
			name: "fish", args: []string{"-i"}, status: "$status", completes: true,
			files: map[string]string{
				".config/fish/config.fish": "function fish_prompt; echo -n '" + prompt + "'; end\nset -g fish_greeting\nsimsid completion fish | source\n",
				// Without that folder fish reads every manual page of the machine in the background, for minutes after the test.
				".local/share/fish/generated_completions/none.fish": "",
			},
		},
	}
}

// user is somebody with a home of their own.
type user struct {
	t    *testing.T
	home string
	env  []string
}

func newUser(t *testing.T, env ...string) *user {
	t.Helper()
	home := t.TempDir()
	u := &user{t: t, home: home, env: append([]string{
		"PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH"), "HOME=" + home, "ZDOTDIR=" + home, "TERM=xterm", "LC_ALL=C.UTF-8", "USER=tester",
		"SIMSID_CONFIG_DIR=" + filepath.Join(home, "simsid"), "SIMSID_STATE_DIR=" + filepath.Join(home, "state"), "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent",
	}, env...)}
	return u
}

// simsid runs a command that has to succeed, and returns its answer.
func (u *user) simsid(args ...string) string {
	u.t.Helper()
	cmd := exec.CommandContext(u.t.Context(), binary, args...)
	cmd.Env = u.env
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		u.t.Fatalf("simsid %s: %v\n%s", strings.Join(args, " "), err, said.String())
	}
	return string(out)
}

// terminal is a shell in a pseudo-terminal.
type terminal struct {
	t    *testing.T
	tty  *os.File
	mu   sync.Mutex
	more *sync.Cond
	text bytes.Buffer
	seen int // of text, by those who have waited
	done bool
}

// patience bounds a wait: a shell that shows nothing by then never will.
const patience = time.Minute

func (u *user) start(sh shell) *terminal {
	u.t.Helper()
	name, _, _ := strings.Cut(sh.name, ",")
	program, err := exec.LookPath(name)
	if err != nil {
		u.t.Fatalf("%s is missing: make setup installs it", name)
	}
	for path, text := range sh.files {
		path = filepath.Join(u.home, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			u.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			u.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(u.t.Context(), 5*patience)
	cmd := exec.CommandContext(ctx, program, sh.args...)
	cmd.Env, cmd.Dir = slices.Concat(u.env, sh.env), u.home
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		u.t.Fatal(err)
	}
	s := &terminal{t: u.t, tty: tty}
	s.more = sync.NewCond(&s.mu)
	go s.read()
	u.t.Cleanup(func() {
		cancel()
		_ = tty.Close()
		_ = cmd.Wait()
	})
	s.await(regexp.QuoteMeta(strings.TrimSpace(prompt)))
	return s
}

func (s *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := s.tty.Read(buf)
		s.mu.Lock()
		s.text.Write(buf[:n])
		s.done = s.done || err != nil
		s.more.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// await waits for what matches behind everything that was awaited before.
func (s *terminal) await(pattern string) []string {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	late := false
	timer := time.AfterFunc(patience, func() {
		s.mu.Lock()
		late = true
		s.more.Broadcast()
		s.mu.Unlock()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		text := s.text.String()[s.seen:]
		if at := re.FindStringSubmatchIndex(text); at != nil {
			s.seen += at[1]
			return re.FindStringSubmatch(text)
		}
		if s.done || late {
			s.t.Fatalf("the shell doesn't show %q:\n%s", pattern, text)
		}
		s.more.Wait()
	}
}

func (s *terminal) send(text string) {
	s.t.Helper()
	if _, err := s.tty.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// variable returns the SHA-256 of what the token's variable holds, as a program that the shell starts sees it.
func (s *terminal) variable() string {
	s.t.Helper()
	s.send("printenv SIMSID_ACCESS_TOKEN | head -c -1 | sha256sum | sed 's/^/hash''=/'\r")
	return s.await(`hash=([0-9a-f]{64})`)[1]
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestEval types what help says, into each shell.
func TestEval(t *testing.T) {
	for _, sh := range shells() {
		t.Run(sh.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t)
			u.simsid("login", "--emulator", "--as", "head")
			token := strings.TrimSpace(u.simsid("token", "-p", "emulator"))
			s := u.start(sh)
			s.send(`eval "$(simsid token -p emulator --env)"` + "\r")
			if got := s.variable(); got != hash(token) {
				t.Errorf("the variable holds another token")
			}
			// One that isn't there leaves no old one behind.
			s.send(`eval "$(simsid token -p emulator --env --min-valid 0s --store file --issuer http://127.0.0.1:1 2>/dev/null)"; echo "ended""=` + sh.status + `"` + "\r")
			if got := s.await(`ended=(\d+)`)[1]; got != "1" {
				t.Errorf("without a token eval ends with %s", got)
			}
			if got := s.variable(); got != hash("") {
				t.Errorf("without a token the old one stays")
			}
		})
	}
}

// awkward are tokens that a shell would do something with, if it could.
func awkward() []string {
	var all []byte
	for c := byte('!'); c <= '~'; c++ {
		all = append(all, c)
	}
	return []string{
		string(all), `'`, `''`, `\`, `\\`, `\'`, `'\`, `\''\`, `a'b\c`, `$(touch${IFS}owned)`, "`id`", `;false;`, `$HOME`, `!!`, `"`, `{a,b}`, `*`, `~`, `#`, `<(id)`, `';touch${IFS}owned;'`,
		`\';touch${IFS}owned;\'`, `(touch${IFS}owned)`, `%s%n`, `-n`, `\n\t`, `\x41`, `&&`, `|cat`,
	}
}

// anyToken is somebody with a profile "any", whose provider gives whatever token the test wants: give signs in with that one.
func anyToken(t *testing.T) (u *user, give func(string)) {
	t.Helper()
	var mu sync.Mutex
	token := ""
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": server.URL, "authorization_endpoint": server.URL + "/a", "token_endpoint": server.URL + "/t", "jwks_uri": server.URL + "/k",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/t", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3600})
	})
	key := filepath.Join(t.TempDir(), "key.txt")
	u = newUser(t, "SIMSID_CLIENT_SECRET=secret", "SIMSID_STORE_KEY_FILE="+key)
	u.simsid("store", "keygen", key)
	u.simsid("profile", "add", "any", "--kind", "oidc", "--issuer", server.URL, "--client-id", "c", "--flow", "ClientCredentials", "--scope", "x", "--store", "file")
	return u, func(value string) {
		t.Helper()
		mu.Lock()
		token = value
		mu.Unlock()
		u.simsid("login", "-p", "any")
	}
}

// TestEvalOfAnyToken has a provider that gives tokens of every character that one may have.
func TestEvalOfAnyToken(t *testing.T) {
	for _, sh := range shells() {
		t.Run(sh.name, func(t *testing.T) {
			t.Parallel()
			u, give := anyToken(t)
			s := u.start(sh)
			for _, value := range awkward() {
				give(value)
				s.send(`eval "$(simsid token -p any --env)"` + "\r")
				if got := s.variable(); got != hash(value) {
					t.Errorf("%q became something else", value)
				}
				name, _, _ := strings.Cut(sh.name, ",")
				if name == "fish" {
					s.send("simsid token -p any --env=fish | source\r")
					if got := s.variable(); got != hash(value) {
						t.Errorf("%q became something else by --env=fish", value)
					}
				}
			}
			if _, err := os.Stat(filepath.Join(u.home, "owned")); err == nil {
				t.Error("a token was executed")
			}
		})
	}
}

// TestCompletion types the beginning of a word and the tabulator, and sees by what is then run that the word was completed.
func TestCompletion(t *testing.T) {
	for _, sh := range shells() {
		if !sh.completes {
			continue
		}
		t.Run(sh.name, func(t *testing.T) {
			t.Parallel()
			u := newUser(t)
			u.simsid("login", "--emulator", "--as", "head")
			u.simsid("profile", "add", "school", "--kind", "oidc", "--issuer", "https://id.example.com", "--client-id", "c")
			s := u.start(sh)
			for _, test := range []struct{ name, typed, shown string }{
				{"a command", "simsid vers\t", `simsid dev`},
				{"a command below one", "simsid profile li\t", `id\.example\.com`},
				{"a profile", "simsid profile show sch\t", `client_id`},
				{"a profile behind a flag", "simsid decode --claim site -p emu\t", `9994001`},
				{"a claim of the kept token", "simsid decode -p emulator --claim sit\t", `9994001`},
				{"a flag", "simsid token -p emulator --head\t", `Authorization: Bearer eyJ`},
				{"a value behind =", "simsid decode -p emulator --claim=sit\t", `9994001`},
				{"a topic", "simsid help exit-c\t", `What the exit codes mean`},
				{"a user of the emulator", "simsid login --emulator --as princ\t", `Signed in`},
			} {
				s.send(test.typed + "\r")
				s.await(test.shown)
				s.await(regexp.QuoteMeta(strings.TrimSpace(prompt)))
			}
			// A scope behind another one: what is typed is kept.
			s.send("simsid profile edit school --scope openid,offl\t\r")
			s.await(`is changed`)
			if got := u.simsid("profile", "show", "school", "-o", "json", "--jq", `.settings[] | select(.key == "scopes") | [.value] | flatten | join(" ")`); strings.TrimSpace(got) != "openid offline_access" {
				t.Errorf("the scopes are %q", got)
			}
		})
	}
}
