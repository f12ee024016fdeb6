//go:build unix

package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/simsid/simsid/internal/config"
)

// Whoever can write to the file, or to its folder, says where secrets go.
func TestCheckAccess(t *testing.T) {
	for name, test := range map[string]struct {
		folder, file os.FileMode // 0: no file
		problem      string
		ofFolder     bool
	}{
		"as simsid makes them":            {0o700, 0o600, "", false},
		"everybody may read it":           {0o755, 0o644, "", false},
		"no file yet":                     {0o700, 0, "", false},
		"a group may write to it":         {0o755, 0o664, "others can write to it (mode 0664), and so say where secrets are sent", false},
		"everybody may write to it":       {0o700, 0o602, "others can write to it (mode 0602), and so say where secrets are sent", false},
		"a group may replace it":          {0o775, 0o600, "others can write to it (mode 0775), and so say where secrets are sent", true},
		"no file yet, and whose it is":    {0o777, 0, "others can write to it (mode 0777), and so say where secrets are sent", true},
		"a folder where nobody replaces":  {0o777 | os.ModeSticky, 0o600, "", false},
		"sticky says nothing of the file": {0o777 | os.ModeSticky, 0o666, "others can write to it (mode 0666), and so say where secrets are sent", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "it's here")
			path := filepath.Join(dir, "config.toml")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if test.file != 0 {
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, test.file); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(dir, test.folder); err != nil {
				t.Fatal(err)
			}
			var want error
			if test.problem != "" {
				at := path
				if test.ofFolder {
					at = dir
				}
				quoted := "'" + filepath.Dir(dir) + `/it'\''s here'`
				if !test.ofFolder {
					quoted = "'" + filepath.Dir(dir) + `/it'\''s here/config.toml'`
				}
				want = &config.AccessError{Path: at, Problem: test.problem, Mend: "chmod go-w " + quoted}
			}
			if got := config.CheckAccess(path); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// A link is followed to where it leads.
func TestCheckAccessOfLink(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	target, link := filepath.Join(elsewhere, "real.toml"), filepath.Join(dir, "config.toml")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := config.CheckAccess(link); err != nil {
		t.Errorf("got %v", err)
	}
	if err := os.Chmod(target, 0o622); err != nil {
		t.Fatal(err)
	}
	want := &config.AccessError{Path: target, Problem: "others can write to it (mode 0622), and so say where secrets are sent", Mend: "chmod go-w " + target}
	if err := config.CheckAccess(link); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("got %v, want %v", err, want)
	}
}
