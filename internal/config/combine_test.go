package config

import (
	"strings"
	"testing"
)

// combinations makes files of every combination of parts.
func combinations(parts ...[]string) []string {
	files := []string{""}
	for _, choices := range parts {
		var longer []string
		for _, f := range files {
			for _, c := range choices {
				longer = append(longer, f+c)
			}
		}
		files = longer
	}
	return files
}

// Edits of profile a leave profile b's lines as they are, and the other way round, however the file is laid out. That
// the edits mean what they should is checked by each of them.
func TestEditsOfManyLayouts(t *testing.T) {
	blockA := []string{
		"[profile.a]\n",
		"[profile.a] # a\nclient_id = 'x' # a\n",
		"# a\n#a\n[ 'profile' . a ]\n  scopes = [ 'x', # a\n\n  # a\n 'y' ]\n\n  client_id='''\n[profile.b]\n# b'''\n# a\n",
	}
	blockB := []string{
		"[profile.b]\n",
		"# b\n[profile.b]\nkind = 'b' # b\n",
		"#b\n[profile.\"\\u0062\"] # b\n\n\n  client_id = \"\"\"\nb\n# b\"\"\"\n\n# b\nstore='file'\n",
	}
	files := combinations(
		[]string{"", "# top\n\n", "\n\n# top\n\n# more\n\n"},
		[]string{"", "default = 'a'\n", "default = \"b\" # c\n\n", "  default='emulator'\n# c\n\n"},
		blockA, []string{"", "\n", "\n# between\n\n"}, blockB, []string{"", "\n", "# b\n", "\n# end\n"},
	)
	clientID, _ := lookupSetting(keyClientID)
	edits := map[string]func(*document) (*document, error){
		"add":       func(d *document) (*document, error) { return d.add("new", map[string][]string{"kind": {"x"}}) },
		"set a":     func(d *document) (*document, error) { return d.set("a", clientID, []string{"new"}) },
		"unset a":   func(d *document) (*document, error) { return d.set("a", clientID, nil) },
		"remove a":  func(d *document) (*document, error) { return d.remove("a") },
		"default a": func(d *document) (*document, error) { return d.setDefault("a") },
		"default":   func(d *document) (*document, error) { return d.setDefault("") },
	}
	run := func(body string) {
		d, err := parse("config.toml", []byte(body))
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		block := body[d.above(len(d.tables)-1):]
		for name, edit := range edits {
			after, err := edit(d)
			if err != nil {
				t.Errorf("%s in %q: %v", name, body, err)
				continue
			}
			if !strings.Contains(string(after.body), strings.TrimRight(block, "\r\n")) {
				t.Errorf("%s in %q changed profile b: %q", name, body, after.body)
			}
		}
		// b stands last: what is before it stays to the byte but for one empty line.
		after, err := d.remove("b")
		if err != nil {
			t.Errorf("remove b in %q: %v", body, err)
		} else if rest := body[:len(body)-len(block)]; !strings.HasPrefix(string(after.body), strings.TrimRight(rest, "\r\n")) {
			t.Errorf("remove b in %q changed profile a: %q", body, after.body)
		}
	}
	for _, f := range files {
		for _, body := range []string{f, strings.ReplaceAll(f, "\n", "\r\n"), strings.TrimRight(f, "\n")} {
			run(body)
		}
	}
}
