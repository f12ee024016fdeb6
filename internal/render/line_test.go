package render

import (
	"strings"
	"testing"
)

// On a terminal words are wrapped, and a command is one line that can be copied.
func TestLineWraps(t *testing.T) {
	long := "simsid profile edit a-profile-with-quite-a-long-name --redirect-uri https://localhost:5454/somewhere/else"
	for text, want := range map[string]string{
		"short: simsid login": "hint: short: simsid login\n",
		"keep the login in a sealed file instead: simsid login --store file (with SIMSID_STORE_KEY_FILE, made by simsid store keygen FILE, or a passphrase)": "" +
			"hint: keep the login in a sealed file instead:\n" +
			"        simsid login --store file\n" +
			"      (with SIMSID_STORE_KEY_FILE, made by simsid store keygen FILE, or a\n" +
			"      passphrase)\n",
		"the login is kept, whatever else has happened to the provider meanwhile, so try again; and if not: " + long: "" +
			"hint: the login is kept, whatever else has happened to the provider meanwhile,\n" +
			"      so try again; and if not:\n" +
			"        " + long + "\n",
		long: "hint: " + long + "\n",
		"make it by the following: simsid cert renew; the first login over https does so by itself, without anybody's help": "" +
			"hint: make it by the following:\n" +
			"        simsid cert renew\n" +
			"      the first login over https does so by itself, without anybody's help\n",
		"words: " + strings.Repeat("word ", 20) + "end": "" +
			"hint: words: word word word word word word word word word word word word word\n" +
			"      word word word word word word word end\n",
	} {
		var b strings.Builder
		Line(&b, Options{Width: 80}, "hint", text)
		if b.String() != want {
			t.Errorf("got\n%swant\n%s", b.String(), want)
		}
		for line := range strings.Lines(b.String()) {
			if n := width(strings.TrimSuffix(line, "\n")); n > 80 && !strings.Contains(line, long) {
				t.Errorf("%d columns: %s", n, line)
			}
		}
		// Where programs read, it is one line.
		b.Reset()
		Line(&b, Options{}, "hint", text)
		if b.String() != "hint: "+text+"\n" {
			t.Errorf("got %q", b.String())
		}
	}
}

// An error that begins with a command's name is a sentence, and no word of it is cut.
func TestLineWrapsASentence(t *testing.T) {
	var b strings.Builder
	Line(&b, Options{Width: 80}, "error", "simsid diff takes two tokens: each a file, -, PROFILE:access or PROFILE:id, not 0; see it: simsid diff --help")
	want := "error: simsid diff takes two tokens: each a file, -, PROFILE:access or\n" +
		"       PROFILE:id, not 0; see it:\n" +
		"         simsid diff --help\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func FuzzLine(f *testing.F) {
	for _, seed := range []string{"", "simsid", ": simsid a; simsid b (c) simsid", "a: simsid ", "x: simsid ( ; ", "\x1b[31m: ss  "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b strings.Builder
		Line(&b, Options{Width: 40}, "error", text)
		// Nothing is lost but spaces, and the semicolon behind a command.
		bare := func(s string) string { return strings.NewReplacer(" ", "", "\n", "", ";", "").Replace(s) }
		if got, want := bare(b.String()), bare("error: "+Safe(text)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
