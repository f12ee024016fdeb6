package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// awkward are tokens of every character that RFC 6749 lets one have, in the orders that shells trip over.
func awkward() []string {
	var all []byte
	for c := byte(' '); c <= '~'; c++ {
		all = append(all, c)
	}
	return []string{
		"eyJ.plain-token_1", string(all), "'", "''", `\`, `\\`, `\'`, `'\`, `\''\`, "a'b\\c", "$(id)", "`id`", "; rm -rf /", "$HOME", "!!", "%PATH%", " lead and trail ",
		"a\\nb", `"`, "-n", "=", "{a,b}", "*", "~", "#", "<(id)", "'; false; '", `\'; false; \'`,
	}
}

// TestEvalLines evaluates what token --env prints, in a shell: nothing of a token is anything but its text.
func TestEvalLines(t *testing.T) {
	sh, ok := lookupShell("sh")
	if !ok {
		t.Fatal("there is no sh")
	}
	for _, value := range awkward() {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", `eval "$1"; printf %s "$T"`, "sh", sh.set("T", value))
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		got, err := cmd.Output()
		if err != nil || string(got) != value {
			t.Errorf("%q became %q (%v)", value, got, err)
		}
	}
	if err := exec.CommandContext(t.Context(), "sh", "-ec", `eval "$1"; exit 0`, "sh", sh.none("T")).Run(); err == nil {
		t.Error("eval goes on where there is no token")
	}
}

// The words of the shells that may not be here, read as their own documentation has them.
func TestOtherEvalLines(t *testing.T) {
	for name, want := range map[string]string{
		"fish":       `set -gx T 'it\'s \\ $x'`,
		"powershell": `$env:T = 'it''s \ $x'`,
		"pwsh":       `$env:T = 'it''s \ $x'`,
		"zsh":        `export T='it'\''s '\\' $x'`,
	} {
		sh, ok := lookupShell(name)
		if got := sh.set("T", `it's \ $x`); !ok || got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if _, ok := lookupShell("csh"); ok {
		t.Error("csh is known")
	}
}

func TestPrintable(t *testing.T) {
	for value, want := range map[string]bool{"eyJ a": true, "a\nb": false, "a\rb": false, "a\x1b[0m": false, "a’b": false, "a\x00b": false, "\xff": false} {
		if got := printable(token.NewSecret(value)); got != want {
			t.Errorf("%q: %t, want %t", value, got, want)
		}
	}
	for _, value := range awkward() {
		if !printable(token.NewSecret(value)) {
			t.Errorf("%q is refused", value)
		}
	}
}

// What the runner reads is masked before it is given, and as the runner decodes it.
func TestStepOutput(t *testing.T) {
	path := filepath.Join(t.TempDir(), "output")
	if err := os.WriteFile(path, []byte("earlier=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{env: Env{Getenv: func(name string) string { return map[string]string{"GITHUB_OUTPUT": path}[name] }, StdoutNull: func() bool { return false }}}
	f, err := a.openStepOutput("my-token")
	if err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	if err := giveStepOutput(&stdout, f, "my-token", token.NewSecret("a%0Ab")); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if stdout.String() != "::add-mask::a%250Ab\n" || string(got) != "earlier=1\nmy-token=a%0Ab\n" {
		t.Errorf("printed %q, written %q", stdout.String(), got)
	}
	for _, name := range []string{"", "a b", "a=b", "a\nb", "9a", "-a", "a<<EOF"} {
		if isOutputName(name) {
			t.Errorf("%q is taken for a name", name)
		}
	}
	for _, name := range []string{"token", "my-token", "_T1"} {
		if !isOutputName(name) {
			t.Errorf("%q is refused", name)
		}
	}
}
