//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		values []int64
		want   int64
	}{
		{nil, 0},
		{[]int64{7}, 7},
		{[]int64{9, 1, 5}, 5},
		{[]int64{4, 2, 8, 6}, 5},
		{[]int64{1, 1, 1_000_000}, 1},
	}
	for _, tt := range tests {
		before := append([]int64(nil), tt.values...)
		if got := median(tt.values); got != tt.want || !reflect.DeepEqual(tt.values, before) {
			t.Errorf("median(%v) = %d, want %d", before, got, tt.want)
		}
	}
}

func TestParseLibraries(t *testing.T) {
	const list = `{"ImportPath":"net/http","Standard":true}
{"ImportPath":"internal/cpu","Standard":true}
{"ImportPath":"unused","Standard":true}
{"ImportPath":"example.com/b"}
{"ImportPath":"example.com/b/internal/x","Imports":["unused"]}
{"ImportPath":"example.com/a","Imports":["unused"]}
{"ImportPath":"github.com/simsid/simsid/internal/cli","Imports":["net/http","internal/cpu","example.com/a"]}
{"ImportPath":"github.com/simsid/simsid/cmd/simsid","Imports":["net/http"]}
`
	got, err := parseLibraries(strings.NewReader(list))
	if want := []string{"example.com/a", "example.com/b", "net/http"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("libraries %q, %v, want %q", got, err, want)
	}
	for _, broken := range []string{"", "{", `{"ImportPath":"net/http","Standard":true}`} {
		if got, err := parseLibraries(strings.NewReader(broken)); err == nil {
			t.Errorf("parseLibraries(%q) = %q", broken, got)
		}
	}
}

func TestExportedFunction(t *testing.T) {
	for line, want := range map[string]string{
		"  4d1620 T net.Dial":                            "net: %s.Dial",
		"  4d1620 t net/http.(*Client).Do":               "net/http: (*%s.Client).Do",
		"  4d1620 T time.Time.Format":                    "time: %s.Time.Format",
		"  4d1620 T gopkg.in/yaml%2ev3.Marshal":          "gopkg.in/yaml.v3: %s.Marshal",
		"  4d1620 T github.com/godbus/dbus/v5.(*Conn).X": "github.com/godbus/dbus/v5: (*%s.Conn).X",
		"  4d1620 T net/http.(*Client).do":               "",
		"  4d1620 T net/http.(*conn).Close":              "",
		"  4d1620 T net/http.(*Client).Do.func1":         "",
		"  4d1620 T net.init":                            "",
		"  4d1620 T net.Dial.func1":                      "",
		"  4d1620 T bytes.Equal.abi0":                    "",
		"  4d1620 T slices.Sort[go.shape.string]":        "",
		"  4d1620 D net.ErrClosed":                       "",
		"  4d1620 T type:.eq.net.IPNet":                  "",
		"         U write":                               "",
		"":                                               "",
	} {
		path, expression, ok := exportedFunction(line)
		got := ""
		if ok {
			got = path + ": " + expression
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

func TestLinkedSource(t *testing.T) {
	const symbols = "1 T net.Listen\n2 T net.Dial\n2 T net.Dial\n3 T github.com/simsid/simsid/internal/cli.Main\n4 T internal/cpu.Name\n5 T unknown.Name\n"
	got, err := linkedSource("net\nnet/url\ninternal/cpu\ngithub.com/simsid/simsid/internal/cli\nunsafe\n", []byte(symbols))
	const want = "p0_0 = p0.Dial p0_1 = p0.Listen"
	if text := strings.Join(strings.Fields(string(got)), " "); err != nil || !strings.Contains(text, want) || !strings.Contains(text, `p0 "net" _ "net/url" )`) || strings.Contains(text, "cpu") || strings.Contains(text, "unknown") {
		t.Errorf("%v\n%s", err, got)
	}
	if got, err := linkedSource("net\n", []byte("1 T main.main\n")); err == nil {
		t.Errorf("got %s", got)
	}
}

// TestStarted: what is measured as simsid's own start is simsid, ended where its own work would begin.
func TestStarted(t *testing.T) {
	overlay, err := writeStarted(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{"": "", "version": "simsid "} {
		out, err := output(exec.CommandContext(t.Context(), "go", append([]string{"run", "-overlay=" + overlay, module + "/cmd/simsid"}, strings.Fields(args)...)...))
		if err != nil || !strings.HasPrefix(string(out), want) || (len(out) > 0) != (want != "") {
			t.Errorf("with arguments %q: %q, %v", args, out, err)
		}
	}
}

func TestRequireTools(t *testing.T) {
	have := func(missing ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			if slices.Contains(missing, name) {
				return "", exec.ErrNotFound
			}
			return "/usr/bin/" + name, nil
		}
	}
	if err := requireTools(have()); err != nil {
		t.Errorf("nothing is missing: %v", err)
	}
	err := requireTools(have("secret-tool", "oidc-agent", "oidc-token"))
	want := "missing: secret-tool, oidc-agent, oidc-token; install the Debian packages: apt-get install libsecret-tools oidc-agent-cli"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestMeasure(t *testing.T) {
	program := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	prepared := 0
	a := subject{name: "a", argv: []string{program("true")}, before: func() error { prepared++; return nil }}
	b := subject{name: "b", argv: []string{program("true")}}
	times, err := measure(t.Context(), []subject{a, b}, 3, os.StartProcess)
	if err != nil || len(times["a"]) != 3 || len(times["b"]) != 3 || prepared != 4 {
		t.Errorf("measured %v, prepared %d times, %v", times, prepared, err)
	}

	failing := subject{name: "failing", argv: []string{program("false")}}
	unprepared := subject{name: "unprepared", argv: a.argv, before: func() error { return errors.New("no room") }}
	absent := subject{name: "absent", argv: []string{"/does/not/exist"}}
	for _, tt := range []struct {
		s    subject
		want string
	}{
		{failing, "failing: exit status 1"},
		{unprepared, "unprepared: no room"},
		{absent, "absent: fork/exec /does/not/exist: no such file or directory"},
	} {
		if _, err := measure(t.Context(), []subject{tt.s}, 1, os.StartProcess); err == nil || err.Error() != tt.want {
			t.Errorf("error %v, want %s", err, tt.want)
		}
	}

	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := measure(ended, []subject{a}, 1, os.StartProcess); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// sample is a run in which everything took as many milliseconds as said.
func sample(milliseconds map[string]int) report {
	times := make(map[string][]time.Duration)
	for name, n := range milliseconds {
		times[name] = []time.Duration{time.Duration(n) * time.Millisecond}
	}
	return report{rounds: 50, libraries: 9, times: times, peaks: map[string]int64{tokenSealed: 7_900_000, tokenKeyring: 8_100_000}, size: 12_340_000}
}

func TestReport(t *testing.T) {
	r := sample(map[string]int{
		version: 25, emptyProgram: 10, sameProgram: 20, importsOnly: 16, ownStart: 20, tokenSealed: 26, oidcToken: 10, tokenKeyring: 5, secretTool: 10, roundTrip: 12, noTrip: 10,
		loginInMemory: 27, floorInMemory: 20, loginOnDisk: 90, floorOnDisk: 10,
	})
	r.sumFloors()
	var b bytes.Buffer
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `Medians of 50 rounds in random order. Times hold for this run alone; the ratios are what counts.

simsid version             25.00 ms   beside an empty Go program                10.00 ms   ratio  2.50   target 2.50   met
simsid version             25.00 ms   beside a program with the same libraries  20.00 ms   ratio  1.25   target 1.15   missed
simsid version             25.00 ms   beside one that only imports them         16.00 ms   ratio  1.56   no target
simsid version             25.00 ms   beside simsid's own start                 20.00 ms   ratio  1.25   no target
simsid token, sealed file  26.00 ms   beside oidc-token, agent running          10.00 ms   ratio  2.60   target 2.60   met
simsid token, sealed file  26.00 ms   beside its start with the same libraries  20.00 ms   ratio  1.30   target 1.30   met
simsid token, sealed file  26.00 ms   beside one that only imports them         16.00 ms   ratio  1.62   no target
simsid token, sealed file  26.00 ms   beside simsid's own start                 20.00 ms   ratio  1.30   no target
simsid token, keyring       5.00 ms   beside secret-tool lookup                 10.00 ms   ratio  0.50   target 0.50   met
simsid token, keyring       5.00 ms   beside that, and one round trip by godbus 22.00 ms   ratio  0.23   target 1.30   met
simsid login, in memory    27.00 ms   beside a floor that plays both sides      20.00 ms   ratio  1.35   target 1.35   met
simsid login, on the disk  90.00 ms   beside the same floor                     10.00 ms   ratio  9.00   no target

simsid token, sealed file  peak memory   7.9 MB   target 8.0 MB   met
simsid token, keyring      peak memory   8.1 MB   target 8.0 MB   missed

The stripped binary has 12.3 MB. The same libraries are 9 packages.
`
	if got := b.String(); got != want {
		t.Errorf("report\n%s\nwant\n%s", got, want)
	}
	if got := r.missed(); got != 2 {
		t.Errorf("%d targets missed, want 2", got)
	}
}

func TestNothingMeasuredIsMissed(t *testing.T) {
	if got, want := (report{}).missed(), 9; got != want {
		t.Errorf("%d targets missed, want all %d", got, want)
	}
}

// TestPeakIsTheProgramsOwn: the memory of whoever measures mustn't be found in what is measured.
func TestPeakIsTheProgramsOwn(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"peak", "floor"} {
		if _, err := goTool(t.Context(), "build", "-ldflags=-s -w", "-o", dir+"/"+name, "./programs/"+name); err != nil {
			t.Fatal(err)
		}
	}
	hoard := make([]byte, 200<<20)
	for i := 0; i < len(hoard); i += 4096 {
		hoard[i] = 1
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := makeFloor(dir+"/home", key); err != nil {
		t.Fatal(err)
	}
	out, err := output(exec.CommandContext(t.Context(), dir+"/peak", dir+"/floor", dir+"/home"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil || n < 2*megabyte || n > 50*megabyte {
		t.Errorf("a program that takes about 10 MB is said to have taken %d bytes, %v", n, err)
	}
	if out, err := output(exec.CommandContext(t.Context(), dir+"/peak", "/bin/true")); err == nil {
		t.Errorf("what took less than peak itself is said to have taken %s", out)
	}
	runtime.KeepAlive(hoard)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "49"}, {"-what"}, {"more"}} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, io.Discard, &stderr); code != 2 || stderr.Len() == 0 {
			t.Errorf("bench %q exits with %d and says %q", args, code, stderr.String())
		}
	}
}

func TestCopyFolder(t *testing.T) {
	dir := t.TempDir()
	file := dir + "/state/sub/file"
	if err := errors.Join(os.MkdirAll(dir+"/state/sub", 0o700), os.WriteFile(file, []byte("first"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := preserve(dir); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(file, []byte("second"), 0o600), os.WriteFile(dir+"/state/more", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := restore(dir); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil || string(content) != "first" {
		t.Errorf("restored %q, %v", content, err)
	}
	if _, err := os.Stat(dir + "/state/more"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what came later is still there: %v", err)
	}
}
