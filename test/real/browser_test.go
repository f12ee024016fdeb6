//go:build real

package real_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shotsVariable names a folder that keeps the screenshots; without it they are taken and thrown away.
const shotsVariable = "SIMSID_TEST_KEEP_SHOTS"

// reportTime bounds the wait for the browser's report after simsid has ended.
const reportTime = 2 * time.Minute

// seen is what open.mjs reports of a visit.
type seen struct {
	Pages     []seenPage `json:"pages"`
	Landing   *seenPage  `json:"landing"`
	Error     string     `json:"error"`
	PageError string     `json:"pageError"`
}

type seenPage struct {
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Status     int      `json:"status"`
	Query      string   `json:"query"`
	Violations []string `json:"violations"`
	Fits       bool     `json:"fits"`
}

// TestChromium signs in to the embedded STS in a real browser: as somebody with a mouse, with nothing but a keyboard, and without scripts.
// Each page must pass axe's checks in light and dark, and fit a phone. The landing page must be simsid's own, with nothing of the answer
// left in the address bar.
func TestChromium(t *testing.T) {
	signIn := seenPage{Name: "sign-in", Title: "Sign in – simsid emulator", Violations: []string{}, Fits: true}
	choice := seenPage{Name: "choice", Title: "Choose your organisation – simsid emulator", Violations: []string{}, Fits: true}
	landing := &seenPage{Title: "You’re signed in", Status: 200, Violations: []string{}, Fits: true}
	single := []string{"--scope", "openid profile offline_access partnermanagementapplication"}
	for _, test := range []struct {
		name  string
		args  []string
		env   []string
		shots bool
		pages []seenPage
		who   string
	}{
		{name: "mouse", args: single, shots: true, env: []string{"SIMSID_TEST_USER=Amira Khan", "SIMSID_TEST_ORGANISATION=Greenfield Academy"},
			pages: []seenPage{signIn, choice}, who: "Amira Khan"},
		{name: "keyboard", args: single, env: []string{"SIMSID_TEST_LOGIN=parent", "SIMSID_TEST_PASSWORD=sample-parent",
			"SIMSID_TEST_ORGANISATION=Hillcrest", "SIMSID_TEST_BROWSE=keyboard"},
			pages: []seenPage{signIn, choice}, who: "Amira Khan"},
		{name: "no scripts", env: []string{"SIMSID_TEST_USER=Margaret Ellis", "SIMSID_TEST_BROWSE=noscript"},
			pages: []seenPage{signIn}, who: "Margaret Ellis"},
		{name: "hostile name", env: []string{"SIMSID_TEST_LOGIN=hostile", "SIMSID_TEST_PASSWORD=sample-hostile"},
			pages: []seenPage{signIn}, who: "\x1b[31mRobin\x1b[0m <script>alert(1)</script> \u202etset\u202c & \"Co\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			report, reported := reportPipe(t)
			shots := t.TempDir()
			env := slices.Concat(test.env, []string{"BROWSER=node " + openScript(t), "SIMSID_TEST_REPORT=" + report})
			if test.shots {
				env = append(env, "SIMSID_TEST_SHOTS="+shots)
			}
			s := newSimsid(t, env...)
			r := s.run("", append([]string{"login", "--emulator", "-o", "json"}, test.args...)...)
			got := reported()
			if got.Error != "" {
				t.Fatalf("the browser failed: %s\nsimsid exits with %d and said\n%s", got.Error, r.code, r.stderr)
			}
			if want := (seen{Pages: test.pages, Landing: landing}); !reflect.DeepEqual(got, want) {
				t.Errorf("the browser saw\n%+v %+v\nwant\n%+v %+v", got, got.Landing, want, want.Landing)
			}
			var who struct{ Name string }
			if err := json.Unmarshal([]byte(r.stdout), &who); err != nil || r.code != 0 || who.Name != test.who {
				t.Errorf("login exits with %d and answers %q (%v), want the name %q\n%s", r.code, r.stdout, err, test.who, r.stderr)
			}
			if test.shots {
				checkShots(t, shots)
			}
		})
	}
}

func openScript(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../browser/open.mjs")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// reportPipe makes the pipe for the browser's report, and returns its name and a function that waits for it: the browser looks at the
// landing page for a while after simsid, which is done with it, has ended.
func reportPipe(t *testing.T) (string, func() seen) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	came := make(chan []byte, 1)
	go func() {
		b, _ := os.ReadFile(name)
		came <- b
	}()
	return name, func() seen {
		t.Helper()
		select {
		case b := <-came:
			var s seen
			if err := json.Unmarshal(b, &s); err != nil {
				t.Fatalf("read the browser's report: %v\n%s", err, b)
			}
			return s
		case <-time.After(reportTime):
			t.Fatalf("the browser reported nothing within %s; `make setup` installs what it needs", reportTime)
			return seen{}
		}
	}
}

// checkShots sees that each page was pictured in each way, and keeps the pictures where a folder is named for them.
func checkShots(t *testing.T, dir string) {
	t.Helper()
	var got, want []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	for _, page := range []string{"choice", "landing", "sign-in"} {
		for _, width := range []string{"desktop", "phone"} {
			for _, scheme := range []string{"dark", "light"} {
				want = append(want, page+"-"+width+"-"+scheme+".png")
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the pictures are %v, want %v", got, want)
	}
	keep := os.Getenv(shotsVariable)
	if keep == "" {
		return
	}
	for _, name := range got {
		// One of each is enough to show what there is: light on a desk, dark on a phone.
		if !strings.HasSuffix(name, "-desktop-light.png") && !strings.HasSuffix(name, "-phone-dark.png") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(keep, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
