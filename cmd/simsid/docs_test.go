//go:build !windows

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The pages for people are run. Each page that has commands has a script in testdata/docs, which goes through the page's blocks one after
// another, sets up what a reader has by then, and says for each block that can't be run why it can't.

// repository is the folder of the pages.
const repository = "../.."

// pages are those for people. docs/reference is made of the commands' own help, whose examples are tested beside the commands.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"}
	for _, pattern := range []string{"docs/*.md", "docs/schema/*.md"} {
		files, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			found = append(found, strings.TrimPrefix(filepath.ToSlash(file), repository+"/"))
		}
	}
	return found
}

// docBlock is one fenced block of a page.
type docBlock struct {
	language string
	line     int // of its first line
	text     string
}

// blocksOf finds the blocks of a page that are meant to be used: all but plain text and pictures.
func blocksOf(page string) ([]docBlock, error) {
	text, err := os.ReadFile(filepath.Join(repository, page))
	if err != nil {
		return nil, err
	}
	var found []docBlock
	var open *docBlock
	for i, line := range strings.Split(string(text), "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open == nil:
			open = &docBlock{language: fence, line: i + 2}
		case isFence:
			switch open.language {
			case "", "text":
			case "console", "sh", "bash", "toml", "json", "yaml":
				found = append(found, *open)
			default:
				return nil, fmt.Errorf("%s:%d: a block of the language %q, which nothing here runs or reads", page, open.line, open.language)
			}
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s:%d: a block that never ends", page, open.line)
	}
	return found, nil
}

// TestDocs runs the blocks of every page that has some.
func TestDocs(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		blocks, err := blocksOf(page)
		if err != nil {
			t.Error(err)
			continue
		}
		script, err := os.ReadFile(filepath.Join("testdata", "docs", scriptOf(page)))
		if len(blocks) > 0 && (err != nil || !strings.Contains(string(script), "\npage "+page+"\n")) {
			t.Errorf("%s has commands, and testdata/docs/%s doesn't run them", page, scriptOf(page))
		}
	}
	params := scriptParams(filepath.Join("testdata", "docs"))
	params.Setup = func(env *testscript.Env) error {
		// The name is for messages: what a script leaves unsaid is told when all of them are through.
		state := &pageState{script: strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")}
		env.Values[pageKey{}] = state
		t.Cleanup(func() {
			if len(state.left) > 0 && !t.Failed() {
				t.Errorf("%s: nothing runs the block at %s:%d, and nothing says why", state.script, state.page, state.left[0].line)
			}
		})
		return setupScript(env)
	}
	maps.Copy(params.Cmds, map[string]func(*testscript.TestScript, bool, []string){
		"page": openPage, "given": given, "block": runBlock, "blockfile": writeBlock, "unrun": passOver, "sandbox": sandbox,
	})
	testscript.Run(t, params)
}

func scriptOf(page string) string {
	return strings.TrimSuffix(strings.ReplaceAll(strings.TrimPrefix(page, "docs/"), "/", "_"), ".md") + ".txtar"
}

type pageKey struct{}

type pageState struct {
	script string
	page   string
	left   []docBlock
	given  []string   // pairs: what the page says, and what stands for it here
	rules  []lineRule // of the next page of examples
}

func pageOf(ts *testscript.TestScript) *pageState {
	state, _ := ts.Value(pageKey{}).(*pageState)
	return state
}

// openPage begins with a page: page docs/ci.md.
func openPage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: page FILE")
	}
	state := pageOf(ts)
	blocks, err := blocksOf(args[0])
	ts.Check(err)
	state.page, state.left = args[0], blocks
}

// given says what stands for words of the page from here on, in its commands and in what they show: given WORDS REPLACEMENT.
func given(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: given WORDS REPLACEMENT")
	}
	state := pageOf(ts)
	for i := 0; i < len(state.given); i += 2 {
		if state.given[i] == args[0] {
			state.given[i+1] = args[1]
			return
		}
	}
	state.given = append(state.given, args...)
}

// next takes the page's next block, which begins with these words.
func (s *pageState) next(ts *testscript.TestScript, words string) docBlock {
	if len(s.left) == 0 {
		ts.Fatalf("%s has no further block", s.page)
	}
	b := s.left[0]
	if !strings.HasPrefix(strings.TrimPrefix(b.text, "$ "), words) {
		ts.Fatalf("the next block of %s, in line %d, doesn't begin with %q:\n%s", s.page, b.line, words, b.text)
	}
	s.left = s.left[1:]
	b.text = s.filled(b.text)
	return b
}

// filled is a text with what was given in place of the page's words.
func (s *pageState) filled(text string) string {
	for i := 0; i < len(s.given); i += 2 {
		text = strings.ReplaceAll(text, s.given[i], s.given[i+1])
	}
	return text
}

// passOver leaves the next block alone, for a reason: unrun WORDS REASON.
func passOver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || len(strings.Fields(args[1])) < 3 {
		ts.Fatalf("usage: unrun WORDS 'a reason in words'")
	}
	pageOf(ts).next(ts, args[0])
}

// writeBlock puts the next block, which is no command, into a file for the next lines of the script to look at: blockfile WORDS FILE.
func writeBlock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: blockfile WORDS FILE")
	}
	b := pageOf(ts).next(ts, args[0])
	if slices.Contains([]string{"sh", "bash", "console"}, b.language) {
		ts.Fatalf("%s:%d: these are commands: block runs them", pageOf(ts).page, b.line)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.text), 0o600))
}

// runBlock types the next block into a shell, which remembers variables from one block to the next: block WORDS [CODE...]. The commands of
// a transcript end with these codes, 0 where none is left, and show what the page says, on both streams, where it says something; an ellipsis there
// stands for any text within a line, and on a line of its own for any lines. A block without prompts is one script and ends with the one code.
func runBlock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: block WORDS [CODE...]")
	}
	state := pageOf(ts)
	b := state.next(ts, args[0])
	codes := args[1:]
	shell := "sh"
	switch b.language {
	case "bash":
		shell = "bash"
	case "sh", "console":
	default:
		ts.Fatalf("%s:%d: a block of %s is no command: blockfile writes it down", state.page, b.line, b.language)
	}
	steps := []string{b.text}
	if b.language == "console" {
		steps = strings.Split(strings.TrimPrefix(b.text, "$ "), "\n$ ")
	}
	for _, step := range steps {
		want := "0"
		if len(codes) > 0 {
			want, codes = codes[0], codes[1:]
		}
		command, shown := step, ""
		if b.language == "console" {
			command, shown = splitStep(step)
		}
		got := typed(ts, shell, command, b.language == "console")
		if strconv.Itoa(got) != want {
			ts.Fatalf("%s:%d: $ %s\nends with %d, want %s", state.page, b.line, command, got, want)
		}
		if said := ts.ReadFile("stdout"); strings.TrimSpace(shown) != "" && !shows(said, shown) {
			ts.Fatalf("%s:%d: $ %s\nshows\n%s\nand the page says\n%s", state.page, b.line, command, said, shown)
		}
	}
}

// splitStep parts a command, whose lines may be continued, from what it shows.
func splitStep(step string) (command, shown string) {
	for {
		line, rest, more := strings.Cut(step, "\n")
		command += line + "\n"
		if step = rest; !more || !strings.HasSuffix(line, `\`) {
			return command, step
		}
	}
}

// typed runs commands in a shell and returns its exit code. Variables that it exports are the script's from then on.
func typed(ts *testscript.TestScript, shell, command string, together bool) int {
	file := ts.MkAbs(".environment")
	text := "trap 'env -0 > " + file + "' EXIT\n"
	if together {
		text += "exec 2>&1\n"
	}
	code := 0
	if err := ts.Exec(shell, "-ec", text+command); err != nil {
		exit, ok := err.(*exec.ExitError) //nolint:errorlint // as testscript returns it
		if !ok {
			ts.Fatalf("%s: %v", shell, err)
		}
		code = exit.ExitCode()
	}
	environment, err := os.ReadFile(file)
	ts.Check(err)
	for variable := range strings.SplitSeq(string(environment), "\x00") {
		if name, value, ok := strings.Cut(variable, "="); ok && ts.Getenv(name) != value && !slices.Contains([]string{"PWD", "OLDPWD", "SHLVL", "_"}, name) {
			ts.Setenv(name, value)
		}
	}
	return code
}

func shows(got, want string) bool {
	pattern := regexp.QuoteMeta(strings.TrimSpace(want)) + "\n"
	pattern = strings.ReplaceAll(pattern, "\n…\n", "\n(?:.*\n)*?")
	if rest, ok := strings.CutPrefix(pattern, "…\n"); ok {
		pattern = "(?:.*\n)*?" + rest
	}
	pattern = strings.ReplaceAll(pattern, "…", "[^\n]*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.TrimSpace(got) + "\n")
}

// sandbox serves an STS with the rules of SIMS ID's partner sandbox and a client as an integrator is given one, where a user signs in without
// a page: sandbox. $ISSUER is its address, $CLIENT and $SECRET are the client's, $REDIRECT is registered for it; simsid and the
// program browse trust both certificates.
func sandbox(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: sandbox")
	}
	fixedPort(ts, false, []string{"REDIRECT_PORT"})
	ts.Setenv("REDIRECT", "https://localhost:"+ts.Getenv("REDIRECT_PORT")+"/")
	ts.Setenv("CLIENT", "pm-sso-00000000-0000-4000-8000-00000000c001")
	ts.Setenv("SECRET", "the secret of "+ts.Getenv("CLIENT"))
	text := `rules = "sandbox"
[[client]]
id = "` + ts.Getenv("CLIENT") + `"
secret = "` + ts.Getenv("SECRET") + `"
flow = "AuthorizationCodeWithProofKey"
redirect_uris = ["` + ts.Getenv("REDIRECT") + `", "https://app.example.com/signin-oidc"]
post_logout_redirect_uris = ["` + ts.Getenv("REDIRECT") + `"]
scopes = ["openid", "profile", "roles", "partner", "partnermanagementapplication", "offline_access"]
[[client]]
id = "sas-simsprimary-00000000-0000-4000-8000-00000000c002"
secret = "` + ts.Getenv("SECRET") + `"
flow = "ClientCredentials"
scopes = ["partnerserverapplication"]
`
	ts.Check(os.WriteFile(ts.MkAbs("sandbox.toml"), []byte(text), 0o600))
	emulated(ts, false, []string{"--config", ts.MkAbs("sandbox.toml"), "--port", "0", "--https", "--as", "head"})
	ts.Check(ts.Exec("simsid", "cert", "export"))
	certificate, err := os.ReadFile(ts.Getenv("CA"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("trusted.pem"), []byte(ts.ReadFile("stdout")+string(certificate)), 0o600))
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("trusted.pem"))
	ts.Setenv("BROWSER", "browse")
}
