package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/tokenstore"
)

// examined is an examination on a machine with these variables.
func examined(env map[string]string, change func(*Env)) *examination {
	e := Env{
		Getenv: func(name string) string { return env[name] }, Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) },
		Location: func() *time.Location { return time.UTC }, Width: func() int { return 100 }, Opener: func() string { return "" },
		Build: func() Build { return Build{} }, Platform: "linux/amd64", LookPath: func(string) (string, error) { return "", os.ErrNotExist },
		ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist },
	}
	if change != nil {
		change(&e)
	}
	quiet := &app{env: e}
	quiet.global.noInput = true
	return &examination{app: quiet, caller: &app{env: e}, o: &doctorOptions{}, roots: map[string]string{}}
}

func TestDoctorTerminal(t *testing.T) {
	const narrow, locale = "make it at least 60 columns wide", "choose a locale with UTF-8: export LC_ALL=C.UTF-8"
	for name, test := range map[string]struct {
		env    map[string]string
		change func(*Env)
		want   finding
	}{
		"none":       {nil, nil, notMade("neither output is a terminal: text is plain, and 80 columns wide")},
		"as it is":   {map[string]string{"LANG": "en_GB.UTF-8"}, terminal, passed("100 columns, with colour, UTF-8")},
		"its errors": {map[string]string{"LC_ALL": "C.utf8"}, func(e *Env) { e.StderrTTY = true }, passed("100 columns, with colour, UTF-8")},
		"no colour":  {map[string]string{"LANG": "C.UTF-8", "NO_COLOR": "1"}, terminal, passed("100 columns, without colour (NO_COLOR), UTF-8")},
		"dumb":       {map[string]string{"LANG": "C.UTF-8", "TERM": "dumb"}, terminal, passed("100 columns, without colour (TERM=dumb), UTF-8")},
		"narrow": {map[string]string{"LANG": "C.UTF-8"}, func(e *Env) { terminal(e); e.Width = func() int { return 59 } },
			finding{render.ExamWarning, "59 columns, with colour: narrow for what is shown, UTF-8", nil, []string{narrow}}},
		"wide enough": {map[string]string{"LANG": "C.UTF-8"}, func(e *Env) { terminal(e); e.Width = func() int { return 60 } }, passed("60 columns, with colour, UTF-8")},
		"no locale":   {nil, terminal, finding{render.ExamWarning, "100 columns, with colour; the locale C isn't UTF-8, so names and QR codes may be garbled", nil, []string{locale}}},
		"another charset": {map[string]string{"LC_ALL": "de_DE.ISO-8859-1", "LANG": "C.UTF-8"}, terminal,
			finding{render.ExamWarning, "100 columns, with colour; LC_ALL=de_DE.ISO-8859-1 isn't UTF-8, so names and QR codes may be garbled", nil, []string{locale}}},
		"Windows needs no locale": {nil, func(e *Env) { terminal(e); e.Platform = "windows/amd64" }, passed("100 columns, with colour, UTF-8")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := examined(test.env, test.change).terminal(t.Context()); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func terminal(e *Env) { e.StdoutTTY, e.StderrTTY, e.StdinTTY = true, true, true }

func TestDoctorBrowser(t *testing.T) {
	const paste = "open the address that login prints wherever there is a browser, and paste where it ends"
	opens := func(program string) func(*Env) {
		return func(e *Env) { terminal(e); e.Opener = func() string { return program } }
	}
	knows := func(program string) func(*Env) {
		return func(e *Env) {
			e.LookPath = func(name string) (string, error) {
				if name != program {
					return "", os.ErrNotExist
				}
				return "/bin/" + name, nil
			}
		}
	}
	for name, test := range map[string]struct {
		env    map[string]string
		change func(*Env)
		want   finding
	}{
		"the desktop's":              {nil, opens("xdg-open"), passed("opened by xdg-open")},
		"the user's second choice":   {map[string]string{"BROWSER": "gone:lynx %s"}, knows("lynx"), passed("opened by lynx, as BROWSER says")},
		"neither of the user's":      {map[string]string{"BROWSER": "gone:lost"}, knows("lynx"), failed("BROWSER names gone, lost, and there is no such program", "name one that is there, or take the variable away: unset BROWSER")},
		"a job":                      {map[string]string{"CI": "true"}, opens("xdg-open"), warned("--no-input or CI: none is opened, and nobody signs in here", "sign in elsewhere, and give the job a refresh token: simsid help environment")},
		"over SSH":                   {map[string]string{"SSH_TTY": "/dev/pts/1"}, nil, warned("this is a session over SSH, and none is opened here", paste)},
		"no display":                 {nil, terminal, warned("there is no display to open one on", paste, "or name a program that can: export BROWSER=PROGRAM")},
		"a display, and no program":  {map[string]string{"DISPLAY": ":0"}, terminal, warned("no program is found that opens one", paste, "or name one: export BROWSER=PROGRAM")},
		"Windows has no display":     {nil, func(e *Env) { e.Platform = "windows/amd64" }, warned("no program is found that opens one", paste, "or name one: export BROWSER=PROGRAM")},
		"over SSH, with a forwarded": {map[string]string{"SSH_TTY": "/dev/pts/1", "DISPLAY": "localhost:10.0"}, opens("xdg-open"), passed("opened by xdg-open")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := examined(test.env, test.change).browser(t.Context()); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// A clock from before the program was built is wrong, whoever is or isn't asked.
func TestDoctorClock(t *testing.T) {
	for platform, mend := range map[string]string{
		"linux/amd64": "set it right: sudo timedatectl set-ntp true", "darwin/arm64": "set it right: sudo sntp -sS time.apple.com", "windows/amd64": "set it right: w32tm /resync",
	} {
		x := examined(nil, func(e *Env) {
			e.Build, e.Platform = func() Build { return Build{Date: "2026-11-24T00:00:00Z"} }, platform
		})
		want := failed("this machine's clock says 22 November 2026 09:00 UTC, which is before this program was built", mend)
		if got := x.clockOffset(t.Context()); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	for _, date := range []string{"2026-11-22T12:00:00Z", "", "today"} {
		x := examined(nil, func(e *Env) { e.Build = func() Build { return Build{Date: date} } })
		if got, want := x.clockOffset(t.Context()), notMade("no answer has told the provider's time"); !reflect.DeepEqual(got, want) {
			t.Errorf("built %q: %+v", date, got)
		}
	}
	x := examined(nil, nil)
	for ahead, want := range map[time.Duration]finding{
		19 * time.Second:  passed("within 20 seconds of the provider's"),
		-19 * time.Second: passed("within 20 seconds of the provider's"),
		20 * time.Second:  warned("this machine's clock is 20 seconds ahead of the provider's", "set it right: sudo timedatectl set-ntp true"),
		-59 * time.Second: warned("this machine's clock is 59 seconds behind the provider's", "set it right: sudo timedatectl set-ntp true"),
		-time.Minute: {render.ExamFailed, "this machine's clock is 1 minute behind the provider's", []string{"logins are refused from a difference of 1 minute on"},
			[]string{"set it right: sudo timedatectl set-ntp true"}},
	} {
		if got := x.offset(ahead); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got  %+v\nwant %+v", ahead, got, want)
		}
	}
}

// A passphrase that somebody can be asked for is no fault; one that a script needs is. A locked keyring says how it is unlocked.
func TestDoctorStoreFault(t *testing.T) {
	noKey := &tokenstore.Error{Operation: "open", Path: "/x/school.age", Err: tokenstore.ErrNoSealKey}
	if got := examined(nil, nil).storeFault(noKey); got.outcome != render.ExamFailed || len(got.mend) == 0 {
		t.Errorf("in a script: %+v", got)
	}
	if got := examined(nil, terminal).storeFault(noKey); got.outcome != render.ExamWarning || !strings.Contains(got.says, "each command asks for it here") {
		t.Errorf("in a terminal: %+v", got)
	}
	identity := &tokenstore.Error{Operation: "open", Err: errors.Join(tokenstore.ErrNoSealKey, tokenstore.ErrNeedsIdentity)}
	if got := examined(nil, terminal).storeFault(identity); got.outcome != render.ExamFailed {
		t.Errorf("an identity can't be typed: %+v", got)
	}
	locked := &tokenstore.Error{Operation: "probe", Backend: tokenstore.Keyring, Err: tokenstore.ErrLocked}
	got := examined(map[string]string{"DISPLAY": ":0"}, nil).storeFault(locked)
	if got.outcome != render.ExamFailed || !strings.Contains(got.says, "locked") || !strings.Contains(strings.Join(got.mend, "\n"), "unlock the keyring") {
		t.Errorf("locked: %+v", got)
	}
}

// A client whose secret lies in a store that can't be read isn't a client without one.
func TestDoctorWithoutCredentials(t *testing.T) {
	x := examined(nil, nil)
	for _, err := range []error{tokenstore.ErrLocked, tokenstore.ErrAbsent, &tokenstore.Error{Operation: "read", Err: os.ErrPermission}, fmt.Errorf("x: %w", tokenstore.ErrNoSealKey)} {
		if got, want := x.withoutCredentials(err), notMade("its secret can't be read from the store (see store)"); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v", err, got)
		}
	}
}

// What can't be asked is told so.
func TestDoctorImplicit(t *testing.T) {
	x := examined(nil, nil)
	x.s = &session{app: x.app}
	x.s.profile.Flow = "Implicit"
	x.flow, _ = provider.LookupFlow(provider.FlowImplicit)
	if got, want := x.client(t.Context()), notMade("flow Implicit never authenticates the client: all comes through the browser"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

// All that asks the network ends in the time that there is for it, each check in its own.
func TestDoctorDeadlines(t *testing.T) {
	clock := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	x := examined(nil, func(e *Env) { e.Now = func() time.Time { return clock } })
	var left []time.Duration
	ask := func() {
		x.within(t.Context(), func(ctx context.Context) {
			end, ok := ctx.Deadline()
			if !ok {
				t.Error("no deadline")
			}
			left = append(left, time.Until(end).Round(time.Second))
		})
	}
	ask()
	clock = clock.Add(8 * time.Second)
	ask()
	clock = clock.Add(5 * time.Second)
	ask()
	x.global.timeout = time.Minute
	if want := []time.Duration{4 * time.Second, 2 * time.Second, 0}; !reflect.DeepEqual(left, want) {
		t.Errorf("got %s, want %s", left, want)
	}
	x = examined(nil, nil)
	x.global.timeout = time.Minute
	left = nil
	ask()
	if want := []time.Duration{time.Minute}; !reflect.DeepEqual(left, want) {
		t.Errorf("by --timeout: %s", left)
	}
}

// Every variable that means nothing is named, each with what it may have been meant to be; never its value.
func TestOddVariables(t *testing.T) {
	const all = "every variable with what it means: simsid help environment"
	var many []string
	for i := range 15 {
		many = append(many, fmt.Sprintf("SIMSID_QQQQQQQQ_%02d=secret", i))
	}
	for name, test := range map[string]struct {
		environ []string
		want    finding
	}{
		"none": {[]string{"SIMSID_FLOW=x", "SIMS=1", "PATH=/"}, finding{}},
		"one":  {[]string{"SIMSID_ISUER=secret"}, warned("the variable SIMSID_ISUER means nothing to simsid", "SIMSID_ISUER: did you mean SIMSID_ISSUER?", all)},
		"several": {[]string{"simsid_flow=secret", "SIMSID_CLIENTID=secret", "SIMSID_FLOW=x", "SIMSID_QQQQQQ=secret"},
			warned("the variables SIMSID_CLIENTID, SIMSID_QQQQQQ, simsid_flow mean nothing to simsid", "SIMSID_CLIENTID: did you mean SIMSID_CLIENT_ID?", "simsid_flow: did you mean SIMSID_FLOW?", all)},
		"more than anybody reads": {many, warned("the variables SIMSID_QQQQQQQQ_00, SIMSID_QQQQQQQQ_01, SIMSID_QQQQQQQQ_02, SIMSID_QQQQQQQQ_03, SIMSID_QQQQQQQQ_04, "+
			"SIMSID_QQQQQQQQ_05, SIMSID_QQQQQQQQ_06, SIMSID_QQQQQQQQ_07, SIMSID_QQQQQQQQ_08, SIMSID_QQQQQQQQ_09, SIMSID_QQQQQQQQ_10, SIMSID_QQQQQQQQ_11, and 3 more mean nothing to simsid", all)},
	} {
		t.Run(name, func(t *testing.T) {
			x := examined(nil, func(e *Env) { e.Environ = func() []string { return test.environ } })
			if got := x.oddVariables(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// A file that gives nothing costs a check its patience once, and no more than the caller's own time.
func TestFileCache(t *testing.T) {
	var asked atomic.Int32
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	x := examined(nil, func(e *Env) {
		e.ReadFile = func(name string) ([]byte, error) {
			if name == "pipe" {
				<-never
				return nil, os.ErrClosed
			}
			asked.Add(1)
			return []byte(name), nil
		}
	})
	x.app.files = &fileCache{time.Millisecond, map[string]fileRead{}}
	for range 2 {
		_, err := x.readFile(t.Context(), "pipe")
		if want := (&silentFileError{"pipe", time.Millisecond}); !reflect.DeepEqual(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	x.app.files = &fileCache{time.Minute, map[string]fileRead{}}
	for range 2 {
		b, err := x.readFile(t.Context(), "file")
		if err != nil || string(b) != "file" {
			t.Errorf("got %q and %v", b, err)
		}
		b[0] = 'F' // what a caller does to it is its own
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	interrupted, stop := context.WithCancel(t.Context())
	stop()
	if _, err := x.readFile(interrupted, "pipe"); !errors.Is(err, context.Canceled) || len(x.app.files.read) != 1 {
		t.Errorf("got %v", err)
	}
}

// A port that this user may not have is taken by nobody.
func TestDoctorPortOfTheSystem(t *testing.T) {
	got := explain(&flow.PortError{Address: "127.0.0.1:80", Err: os.ErrPermission})
	want := failure{Code: exitFailed, Text: "listen on 127.0.0.1:80: permission denied", Hints: []string{
		"ports below 1024 are the system's: have a redirect URI registered with one above",
		"or listen on another port, where something brings the answer there: --listen 127.0.0.1:8400",
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
