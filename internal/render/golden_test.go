package render_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/simsid/simsid/internal/render"
)

// update rewrites the golden files: go test ./internal/render -run Golden -update, then read the difference.
var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	forms := map[string]render.Options{
		"80.txt":      {Width: 80},
		"120.txt":     {Width: 120},
		"80.ansi":     {Width: 80, Color: true},
		"120.ansi":    {Width: 120, Color: true},
		"answer.json": {JSON: true},
	}
	for name, view := range samples(t) {
		for form, options := range forms {
			t.Run(name+"/"+form, func(t *testing.T) {
				options.Now = now
				var b bytes.Buffer
				if err := render.Write(t.Context(), &b, view, options); err != nil {
					t.Fatal(err)
				}
				compareGolden(t, filepath.Join("testdata", name, form), b.Bytes())
			})
		}
	}
}

func compareGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs.\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

var errBroken = errors.New("broken pipe")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
