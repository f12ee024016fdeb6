package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Whatever is given to decode, it takes less than 64 MiB of memory to say what is wrong with it.
func TestDecodeMemory(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	simsid := filepath.Join(t.TempDir(), "simsid") // testscript.Main goes by this name
	if err := os.Symlink(self, simsid); err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	jwt := func(payload string) string {
		return b64([]byte(`{"alg":"RS256"}`)) + "." + b64([]byte(payload)) + ".c2ln"
	}
	var members strings.Builder
	for i := range 60000 {
		fmt.Fprintf(&members, `"m%d":%d,`, i, i)
	}
	for name, text := range map[string]string{
		"50 MB":              strings.Repeat("a", 50<<20),
		"50 MB of JSON":      `{"access_token":"` + strings.Repeat("a", 50<<20),
		"3 MB of dots":       strings.Repeat(".", 3<<20),
		"3 MB of names":      strings.Repeat("access_token=.&", 200000),
		"3 MB of headers":    strings.Repeat("authorization\n", 200000),
		"100,000 deep":       jwt(strings.Repeat(`{"a":`, 100000) + "1" + strings.Repeat("}", 100000)),
		"60,000 members":     jwt("{" + members.String() + `"exp":"x"}`),
		"one long number":    jwt(`{"exp":` + strings.Repeat("9", 700000) + `}`),
		"one long text":      jwt(`{"exp":null,"x":"` + strings.Repeat("x|", 350000) + `"}`),
		"many organisations": jwt(`{"exp":null,"userorganisationidentifiers":["` + strings.Repeat(`a|b|S","`, 80000) + `"]}`),
		"many scopes":        jwt(`{"exp":null,"scope":"` + strings.Repeat(`a `, 300000) + `"}`),
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(simsid, "decode")
			peak := filepath.Join(t.TempDir(), "peak")
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "TEST_PEAK="+peak)
			cmd.Stdin = strings.NewReader(text)
			out, err := cmd.CombinedOutput()
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.ExitCode() != 3 {
				t.Fatalf("%v: %.300s", err, out)
			}
			status, err := os.ReadFile(peak)
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(status), "VmHWM:")
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			if kib >= 64<<10 {
				t.Errorf("%d KiB", kib)
			}
			t.Logf("%d KiB, %d bytes of answer, %s", kib, len(out), cmd.ProcessState.UserTime())
		})
	}
}
