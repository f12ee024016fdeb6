package cli

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write docs/reference anew")

// tree is the tree of all commands.
func tree(t *testing.T) *cobra.Command {
	t.Helper()
	return wholeTree(&app{env: Env{
		Getenv: func(string) string { return "" }, Now: time.Now, Location: func() *time.Location { return time.UTC },
		Stdin: strings.NewReader(""), Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{},
	}})
}

const reference = "../../docs/reference"

// TestReference holds docs/reference to what the commands say of themselves: go test ./internal/cli -run Reference -update.
func TestReference(t *testing.T) {
	want := map[string]string{}
	root := tree(t)
	var list strings.Builder
	list.WriteString("# Reference\n\nEvery command with its flags, as `simsid COMMAND --help` shows it, and the topics of `simsid help`. These pages are\ngenerated: `go test ./internal/cli -run Reference -update`.\n")
	for _, g := range root.Groups() {
		fmt.Fprintf(&list, "\n## %s\n\n", g.Title)
		for _, sub := range root.Commands() {
			if sub.GroupID == g.ID && sub.IsAvailableCommand() {
				eachCommand(sub, func(cmd *cobra.Command) {
					name := pageName(cmd) + ".md"
					fmt.Fprintf(&list, "- [%s](%s): %s\n", cmd.CommandPath(), name, cmd.Short)
					want[name] = commandMarkdown(cmd)
				})
			}
		}
	}
	list.WriteString("\n## Topics\n\n")
	for _, topic := range topics() {
		fmt.Fprintf(&list, "- [%s](%s.md): %s\n", topic.name, topic.name, topic.short)
		want[topic.name+".md"] = topicMarkdown(topic)
	}
	want["README.md"] = list.String()
	if *update {
		rewrite(t, want)
	}
	files, err := filepath.Glob(filepath.Join(reference, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := want[name]; !ok || text != string(got) {
			t.Errorf("docs/reference/%s isn't what the commands say: go test ./internal/cli -run Reference -update", name)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("docs/reference/%s is missing: go test ./internal/cli -run Reference -update", name)
	}
}

func rewrite(t *testing.T, want map[string]string) {
	t.Helper()
	if err := os.RemoveAll(reference); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(reference, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		if err := os.WriteFile(filepath.Join(reference, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func commandMarkdown(cmd *cobra.Command) string {
	cmd.InitDefaultHelpFlag()
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n", cmd.CommandPath(), strings.TrimSuffix(cmd.Short, "."))
	b.WriteString("\n```\n")
	if cmd.Runnable() {
		b.WriteString(cmd.UseLine() + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString(cmd.CommandPath() + " COMMAND [flags]\n")
	}
	b.WriteString("```\n")
	if cmd.Long != "" {
		b.WriteString("\n```text\n" + strings.TrimSpace(cmd.Long) + "\n```\n")
	}
	if cmd.HasExample() {
		b.WriteString("\n## Examples\n\n```sh\n" + unindented(cmd.Example) + "\n```\n")
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\n## Commands\n\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "- [%s](%s.md): %s\n", sub.CommandPath(), pageName(sub), sub.Short)
			}
		}
	}
	flagsMarkdown(&b, "Flags", cmd.NonInheritedFlags())
	if cmd.HasParent() {
		flagsMarkdown(&b, "Flags of every command", cmd.InheritedFlags())
	}
	return b.String()
}

func flagsMarkdown(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| flag | means |\n|---|---|\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			name, usage := flagWords(f)
			fmt.Fprintf(b, "| `%s` | %s |\n", name, strings.ReplaceAll(usage, "|", `\|`))
		}
	})
}

func topicMarkdown(t topic) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", t.short)
	for _, p := range t.parts() {
		if p.heading != "" {
			b.WriteString("\n## " + p.heading + "\n")
		}
		if p.text != "" {
			b.WriteString("\n" + p.text + "\n")
		}
		if len(p.terms) > 0 {
			b.WriteString("\n| | |\n|---|---|\n")
		}
		for _, w := range p.terms {
			fmt.Fprintf(&b, "| `%s` | %s |\n", w.name, w.meaning)
		}
		if len(p.lines) > 0 {
			b.WriteString("\n```sh\n" + strings.Join(p.lines, "\n") + "\n```\n")
		}
	}
	return b.String()
}

func unindented(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

// Every command has an example to paste, a short line without a final stop, and fits a terminal.
func TestHelpOfEveryCommand(t *testing.T) {
	eachCommand(tree(t), func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: its short line is %q", path, cmd.Short)
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", path)
		}
		if cmd.HasParent() && !cmd.Parent().HasParent() && cmd.GroupID == "" {
			t.Errorf("%s is in no group", path)
		}
		listed := ""
		if cmd.HasParent() {
			listed = "  introspect   " + cmd.Short
		}
		for _, text := range []string{cmd.Long, cmd.Example, listed} {
			for line := range strings.Lines(text) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); n > helpWidth {
					t.Errorf("%s: %d columns: %s", path, n, line)
				}
			}
		}
		for line := range strings.Lines(cmd.Example) {
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "  ") {
				t.Errorf("%s: an example isn't indented: %s", path, line)
			}
		}
	})
	for _, topic := range topics() {
		for line := range strings.Lines(topicText(topic)) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > helpWidth {
				t.Errorf("%s: %d columns: %s", topic.name, n, line)
			}
		}
	}
}

// Each example calls a command that there is, with flags that it takes.
func TestExamplesParse(t *testing.T) {
	call := regexp.MustCompile(`(?:^|[\s("])(simsid(?: +[^|)>#;]+)?)`)
	eachCommand(tree(t), func(cmd *cobra.Command) {
		text := strings.ReplaceAll(cmd.Example, "\\\n", " ")
		for line := range strings.Lines(text) {
			for _, m := range call.FindAllStringSubmatch(line, -1) {
				checkCall(t, cmd.CommandPath(), strings.Fields(m[1])[1:])
			}
		}
	})
}

func checkCall(t *testing.T, of string, words []string) {
	t.Helper()
	found, rest, err := tree(t).Find(words)
	if err != nil || !found.HasParent() && len(words) > 0 && !strings.HasPrefix(words[0], "-") && words[0] != "" {
		t.Errorf("%s: its example calls simsid %s, which there isn't", of, strings.Join(words, " "))
		return
	}
	for _, word := range rest {
		if word == "--" {
			return
		}
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if name = strings.Trim(name, `"'`); isFlag && found.Flags().Lookup(name) == nil && found.InheritedFlags().Lookup(name) == nil {
			t.Errorf("%s: its example gives simsid %s a flag --%s, which there isn't", of, found.Name(), name)
		}
	}
}

// The topic names every variable that the program reads.
func TestEnvironmentTopicIsComplete(t *testing.T) {
	topic, _ := lookupTopic("environment")
	text := topicText(topic)
	variable := regexp.MustCompile(`"(SIMSID_[A-Z_]+)"`)
	var sources []string
	for _, pattern := range []string{"*.go", "../config/*.go", "../tokenstore/*.go", "../provider/*.go", "../flow/*.go", "../emulator/*.go", "../../cmd/simsid/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, files...)
	}
	var missing []string
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range variable.FindAllStringSubmatch(string(b), -1) {
			if !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(text) {
				missing = append(missing, m[1])
			}
		}
	}
	slices.Sort(missing)
	if missing = slices.Compact(missing); len(missing) > 0 {
		t.Errorf("simsid help environment doesn't name %q", missing)
	}
}

// A page has no line that roff would take for a request of its own, and ends every block that it begins.
func TestManPages(t *testing.T) {
	root := tree(t)
	dir := t.TempDir()
	if err := writePages(root, dir, "2026-11-22"); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "man[17]", "*"))
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	eachCommand(root, func(*cobra.Command) { commands++ })
	if len(pages) != commands+len(topics()) {
		t.Errorf("%d pages for %d commands and %d topics", len(pages), commands, len(topics()))
	}
	request := regexp.MustCompile(`^(\.(TH "[A-Z-]+" [17] "2026-11-22" "simsid" "simsid"|nh|ad l|SH [A-Z ,'\\(a-z)-]+|TP|PP|br|RS 4|RE|nf|fi)|[^.'].*|)$`)
	for _, path := range pages {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if !request.MatchString(strings.TrimSuffix(line, "\n")) {
				t.Errorf("%s: %q", filepath.Base(path), line)
			}
		}
		if strings.Count(string(b), ".nf\n") != strings.Count(string(b), ".fi\n") {
			t.Errorf("%s: a block doesn't end", filepath.Base(path))
		}
	}
	for text, want := range map[string]string{`.x`: `\&.x`, `'x`: `\(aqx`, `a\b`: `a\eb`, "-x": `\-x`, "…": `\[u2026]`} {
		if got := escapeRoff(text); got != want {
			t.Errorf("%q is written as %q, want %q", text, got, want)
		}
	}
}

// Where the sentence of a flag names no value, pflag shows Go's type.
func TestFlagsNameTheirValues(t *testing.T) {
	eachCommand(tree(t), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); name == "strings" || name == "stringArray" {
				t.Errorf("%s --%s takes %s", cmd.CommandPath(), f.Name, name)
			}
		})
	})
}
