//go:build release

package release_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const dist = "../../dist"

// TestArchives: one for each system, each with the same things in it, and none with a name of the machine that built it.
func TestArchives(t *testing.T) {
	var systems []string
	for _, file := range glob(t, "simsid_*.tar.gz", "simsid_*.zip") {
		name := regexp.MustCompile(`_([a-z]+_[a-z0-9]+)\.(tar\.gz|zip)$`).FindStringSubmatch(file)
		if name == nil {
			t.Fatalf("%s isn't named as an archive is", file)
		}
		systems = append(systems, name[1])
		held := contents(t, file)
		program := "simsid"
		if strings.HasPrefix(name[1], "windows") {
			program += ".exe"
		}
		for _, want := range []string{
			program, "README.md", "LICENSE", "CHANGELOG.md", "man/man1/simsid.1", "man/man1/simsid-login.1", "man/man7/simsid-scopes.7",
			"completions/simsid.bash", "completions/_simsid", "completions/simsid.fish", "completions/simsid.ps1",
		} {
			if held[want] == nil {
				t.Errorf("%s has no %s", file, want)
			}
		}
		root, err := filepath.Abs("../..")
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(held[program], []byte(root+"/internal")) {
			t.Errorf("%s names the folder that it was built in", file)
		}
	}
	slices.Sort(systems)
	if want := []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64", "windows_arm64"}; !slices.Equal(systems, want) {
		t.Errorf("archives for %v, want %v", systems, want)
	}
}

// TestChecksums: every file that people download stands in the sums, and is what they say.
func TestChecksums(t *testing.T) {
	sums := glob(t, "simsid_*_SHA256SUMS")
	if len(sums) != 1 {
		t.Fatalf("%d files of checksums", len(sums))
	}
	text, err := os.ReadFile(sums[0])
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("no checksum: %q", line)
		}
		named[name] = sum
	}
	files := glob(t, "*.tar.gz", "*.zip", "*.deb", "*.rpm")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != named[filepath.Base(file)] {
			t.Errorf("%s: got %s, the sums say %q", file, got, named[filepath.Base(file)])
		}
	}
	if len(files) != len(named) {
		t.Errorf("%d files and %d checksums", len(files), len(named))
	}
}

// TestDeb installs the package into a folder, runs what is there, and removes it.
func TestDeb(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"var/lib/dpkg/updates", "var/lib/dpkg/info"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg", file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	debs := glob(t, "simsid_*_"+runtime.GOARCH+".deb")
	if len(debs) != 1 {
		t.Fatalf("%d packages for this machine", len(debs))
	}
	dpkg := func(args ...string) {
		t.Helper()
		run(t, "dpkg", append([]string{"--root=" + root, "--log=/dev/null", "--force-not-root,bad-path"}, args...)...)
	}
	dpkg("--install", debs[0])
	out := run(t, filepath.Join(root, "usr/bin/simsid"), "version")
	for _, want := range []string{"snapshot", "Commit", "Date"} {
		if !strings.Contains(out, want) {
			t.Errorf("version says nothing of %q: %s", want, out)
		}
	}
	installed := []string{
		"usr/bin/simsid", "usr/share/man/man1/simsid.1", "usr/share/man/man1/simsid-login.1", "usr/share/man/man7/simsid-scopes.7", "usr/share/doc/simsid/copyright",
		"usr/share/bash-completion/completions/simsid", "usr/share/zsh/vendor-completions/_simsid", "usr/share/fish/vendor_completions.d/simsid.fish",
	}
	for _, file := range installed {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Error(err)
		}
	}
	dpkg("--remove", "simsid")
	for _, file := range installed {
		if _, err := os.Stat(filepath.Join(root, file)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", file, err)
		}
	}
}

// TestTaps: the cask and the manifest name this release's archives with the right checksums.
func TestTaps(t *testing.T) {
	for _, pattern := range []string{"homebrew/Casks/simsid.rb", "scoop/simsid.json"} {
		files := glob(t, pattern)
		if len(files) != 1 {
			t.Fatalf("%s isn't there", pattern)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, archive := range glob(t, "simsid_*.tar.gz", "simsid_*.zip") {
			b, err := os.ReadFile(archive)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), fmt.Sprintf("%x", sha256.Sum256(b))) {
				found++
			}
		}
		if found < 2 {
			t.Errorf("%s holds the checksums of %d archives", pattern, found)
		}
	}
}

func glob(t *testing.T, patterns ...string) []string {
	t.Helper()
	var all []string
	for _, p := range patterns {
		files, err := filepath.Glob(filepath.Join(dist, p))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, files...)
	}
	if len(all) == 0 {
		t.Fatalf("nothing like %q: make snapshot builds it", patterns)
	}
	return all
}

// contents reads an archive, by the names in it.
func contents(t *testing.T, file string) map[string][]byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	held := map[string][]byte{}
	keep := func(name string, r io.Reader) {
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		held[path.Clean(name)] = content
	}
	if strings.HasSuffix(file, ".zip") {
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			keep(f.Name, r)
		}
		return held
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return held
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uname != "root" && h.Typeflag == tar.TypeReg {
			t.Errorf("%s: %s belongs to %q", file, h.Name, h.Uname)
		}
		keep(h.Name, r)
	}
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}
