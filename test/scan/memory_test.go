//go:build real && linux

package scan_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/test/program"
)

const (
	// most is what scan may take at its peak.
	most = 64 << 20
	// soakVariable makes the long tests long.
	soakVariable = "SIMSID_TEST_SOAK"
	scanTime     = 10 * time.Minute
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(program.Main(m, &binary, "-trimpath")) }

// token is a JWT of about 1,000 bytes.
func token() string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"typ":"JWT","alg":"RS256","kid":"a3rMUgMFv9tPclLa6yF3zAkfquE"}`)) + "." +
		b64([]byte(`{"iss":"https://sts.example/","scope":["openid"],"exp":1,"pad":"`+strings.Repeat("x", 400)+`"}`)) + "." + b64(bytes.Repeat([]byte("s"), 256))
}

// log is fifty lines of a log, of which one has a token.
func log() string {
	return strings.Repeat("2026-11-21T10:00:00Z GET /schools/8412345/pupils?page=2 status=200 elapsed=12.4 agent=Mozilla/5.0\n", 49) +
		"2026-11-21T10:00:00Z Authorization: Bearer " + token() + " client_secret=s3cr3t user joe@school.example\n"
}

// texts are texts of any size, as what they begin with and what they go on with.
func texts() map[string][2]string {
	return map[string][2]string{
		"log":                    {"", log()},
		"one line":               {"", strings.ReplaceAll(log(), "\n", " ")},
		"one token":              {token(), strings.Repeat("a", 1000)},
		"one password":           {`{"password":"`, strings.Repeat(`a\"`, 300)},
		"one cookie header":      {"Cookie: a=b", strings.Repeat("; c=d", 200)},
		"one array of cookies":   {`"cookies":[`, strings.Repeat(`{"name":"a","value":"b"},`, 50)},
		"starts of tokens":       {"", strings.Repeat("eyJhbGciOiJS", 100)},
		"headers within headers": {"", strings.Repeat("eyJhYiI6", 100) + "."},
		"nothing but secrets":    {"", strings.Repeat("password=x&", 100)},
		"nothing but tokens":     {"", token() + " "},
		"tokens over lines":      {"", strings.Join(strings.SplitAfterN(token(), "y", 8), "\n") + "\n"},
		"one token over lines":   {token()[:70] + "\n", token()[80:140] + "\n"},
		"one text in base64":     {"", base64.StdEncoding.EncodeToString([]byte(`{"access_token":"` + token() + `",   `))},
		"one key":                {"-----BEGIN PRIVATE KEY-----\n", strings.Repeat("MIIEpAIBAAKCAQEA04up8hoqzS1\n", 50)},
		"one assertion":          {"<saml:Assertion>", strings.Repeat("<a>Assertion</a>", 50)},
		"line breaks":            {"", strings.Repeat("\n", 1000)},
		"zeros":                  {"", strings.Repeat("\x00", 1000)},
	}
}

// Memory is the same for any text of any size, however it comes.
func TestMemory(t *testing.T) {
	size := int64(100 << 20)
	if os.Getenv(soakVariable) != "" {
		size = 2 << 30
	}
	for name, text := range texts() {
		for _, args := range [][]string{{"--redact", "--personal"}, {"-o", "json"}} {
			if size > 100<<20 && name != "log" && name != "one line" && name != "one token" {
				continue
			}
			if size == 100<<20 && name != "log" && name != "one line" {
				size = 30 << 20
			}
			t.Run(name+"/"+args[0], func(t *testing.T) { check(t, text, size, args) })
			if size < 100<<20 {
				size = 100 << 20
			}
		}
	}
}

// A small file that unpacks to a large text is like the text.
func TestMemoryOfGzip(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 300 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	check(t, [2]string{b.String(), ""}, 0, []string{"--redact"})
}

// check feeds a text to simsid scan and looks at its memory before it hears that the text has ended, after which it would be gone.
func check(t *testing.T, text [2]string, size int64, args []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scanTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append([]string{"scan"}, args...)...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "GOMAXPROCS=8"} // as many as a larger machine has
	cmd.Stdout = io.Discard
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	piece := []byte(text[1])
	for len(piece) > 0 && len(piece) < 1<<16 {
		piece = append(piece, piece...)
	}
	_, err = io.WriteString(in, text[0])
	for n := int64(0); err == nil && n < size; n += int64(len(piece)) {
		_, err = in.Write(piece)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	peak := peakOf(t, cmd.Process.Pid)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	t.Logf("peak %.1f MB; %s", float64(peak)/1e6, strings.TrimSpace(stderr.String()))
	if peak > most {
		t.Errorf("took %.1f MB at its peak, %d MB are allowed", float64(peak)/1e6, most/1_000_000)
	}
}

// peakOf is the most memory that a process has had.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("no VmHWM in /proc/PID/status")
	return 0
}
