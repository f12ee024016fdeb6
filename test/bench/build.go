//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const module = "github.com/simsid/simsid"

// As .goreleaser.yaml builds. It gives a version, too, without which simsid looks for one in itself.
const (
	linkFlags = "-s -w -funcalign=16"
	buildTag  = "nethttpomithttp2"
)

// programs are the binaries of our own, all built alike, as a release is.
type programs struct {
	simsid, started, empty, linked, imports, floor, peak, roundtrip string
	libraries                                                       int // how many packages imports names
}

func build(ctx context.Context, dir string) (programs, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return programs{}, err
	}
	p := programs{
		simsid: filepath.Join(dir, "simsid"), started: filepath.Join(dir, "started"), empty: filepath.Join(dir, "empty"), linked: filepath.Join(dir, "linked"), imports: filepath.Join(dir, "imports"),
		floor: filepath.Join(dir, "floor"), peak: filepath.Join(dir, "peak"), roundtrip: filepath.Join(dir, "roundtrip"),
	}
	libraries, err := listLibraries(ctx)
	if err != nil {
		return programs{}, err
	}
	p.libraries = len(libraries)
	overlay, err := writeOverlay(ctx, dir, libraries)
	if err != nil {
		return programs{}, err
	}
	linked, err := writeLinked(ctx, dir)
	if err != nil {
		return programs{}, err
	}
	ends, err := writeStarted(ctx, dir)
	if err != nil {
		return programs{}, err
	}
	for _, b := range []struct{ output, pkg, overlay string }{
		{p.simsid, "cmd/simsid", overlay}, {p.started, "cmd/simsid", ends}, {p.empty, programsPackage + "/empty", overlay}, {p.linked, programsPackage + "/linked", linked}, {p.imports, programsPackage + "/imports", overlay}, {p.floor, programsPackage + "/floor", overlay}, {p.peak, programsPackage + "/peak", overlay},
		{p.roundtrip, programsPackage + "/roundtrip", overlay},
	} {
		if _, err := goTool(ctx, "build", "-trimpath", "-ldflags="+linkFlags+" -X main.version=0.0.0", "-overlay="+b.overlay, "-o", b.output, module+"/"+b.pkg); err != nil {
			return programs{}, err
		}
		if err := install(b.output); err != nil {
			return programs{}, err
		}
	}
	return p, nil
}

// measured are those whose starts are measured.
func (p programs) measured() []string {
	return []string{p.simsid, p.started, p.empty, p.linked, p.imports, p.floor, p.roundtrip}
}

// install leaves a program as it is found on a machine that has been started since it was put there: on the disk, and in memory only as far
// as it was read from there. What has just been linked, copied or unpacked lies in memory in pieces whose size depends on how it was
// written and on chance, and they make a fifth of the time of a start and up to two thirds of what counts as its memory.
func install(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync() // what isn't on the disk can't be dropped
	if err == nil {
		const dontNeed = 4 // POSIX_FADV_DONTNEED, see posix_fadvise(2)
		if _, _, errno := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); errno != 0 {
			err = errno
		}
	}
	return errors.Join(err, f.Close())
}

const programsPackage = "test/bench/programs"

// listLibraries names what simsid is linked with, apart from its own packages: every package of another module, and those of
// the standard library that its own packages import.
func listLibraries(ctx context.Context) ([]string, error) {
	out, err := goTool(ctx, "list", "-deps", "-json=ImportPath,Standard,Imports", module+"/cmd/simsid")
	if err != nil {
		return nil, err
	}
	return parseLibraries(bytes.NewReader(out))
}

// parseLibraries reads the output of go list -deps -json.
func parseLibraries(r io.Reader) ([]string, error) {
	standard := make(map[string]bool)
	var foreign, ours []string
	for d := json.NewDecoder(r); ; {
		var p struct {
			ImportPath string
			Standard   bool
			Imports    []string
		}
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the list of packages: %w", err)
		}
		switch {
		case p.Standard:
			standard[p.ImportPath] = true
		case strings.HasPrefix(p.ImportPath, module+"/"):
			ours = append(ours, p.Imports...)
		case !isInternal(p.ImportPath):
			foreign = append(foreign, p.ImportPath)
		}
	}
	if len(foreign) == 0 || len(standard) == 0 {
		return nil, errors.New("the list of packages that simsid is linked with is empty")
	}
	ours = slices.DeleteFunc(ours, func(path string) bool { return !standard[path] || isInternal(path) })
	all := slices.Concat(foreign, ours)
	slices.Sort(all)
	return slices.Compact(all), nil
}

func isInternal(path string) bool {
	return slices.Contains(strings.Split(path, "/"), "internal") || strings.HasPrefix(path, "vendor/")
}

// writeOverlay writes the program that only imports the libraries, and the file by which go build sees it as a package of this module: a
// program outside could not import what the module's go.mod requires.
func writeOverlay(ctx context.Context, dir string, libraries []string) (string, error) {
	var source strings.Builder
	source.WriteString("// Command imports names the libraries that simsid is linked with, and does nothing.\npackage main\n\nimport (\n")
	for _, path := range libraries {
		fmt.Fprintf(&source, "\t_ %q\n", path)
	}
	source.WriteString(")\n\nfunc main() {}\n")
	return replaceSource(ctx, dir, programsPackage+"/imports/main.go", func([]byte) ([]byte, error) { return []byte(source.String()), nil })
}

// writeStarted makes simsid end where its own work begins, unless it is given arguments, so that all of it is linked: what is then left of
// its time is that of its start, which no library can be taken from.
func writeStarted(ctx context.Context, dir string) (string, error) {
	return replaceSource(ctx, dir, "cmd/simsid/main.go", func(source []byte) ([]byte, error) {
		const begins = "\nfunc main() {\n"
		before, after, ok := strings.Cut(string(source), begins)
		if !ok {
			return nil, errors.New("cmd/simsid/main.go has no func main")
		}
		return []byte(before + begins + "\tif len(os.Args) == 1 {\n\t\treturn\n\t}\n" + after), nil
	})
}

// replaceSource writes the overlay by which go build takes a file of this module for another.
func replaceSource(ctx context.Context, dir, path string, by func([]byte) ([]byte, error)) (string, error) {
	root, err := goTool(ctx, "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return "", err
	}
	replaced := filepath.Join(strings.TrimSpace(string(root)), filepath.FromSlash(path))
	source, err := os.ReadFile(replaced)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if source, err = by(source); err != nil {
		return "", err
	}
	name := strings.NewReplacer("/", "-", ".go", "").Replace(path)
	file, overlay := filepath.Join(dir, name+".go"), filepath.Join(dir, name+".json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {replaced: file}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(file, source, 0o600), os.WriteFile(overlay, text, 0o600))
}

func goTool(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-tags="+buildTag)
	return output(cmd)
}

// output runs a program and returns its standard output; what it says on standard error is in the error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
