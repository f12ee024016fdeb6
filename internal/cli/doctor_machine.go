package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/tokenstore"
)

// lockPatience is how long a lock may be held before it is worth a word: a refresh takes tens of milliseconds.
const lockPatience = time.Second

// storeTimeout is for all that the store is asked in one check: what it waits for, another process may never let go of.
const storeTimeout = 10 * time.Second

// store tries the place where a login would be kept, or is.
func (x *examination) store(ctx context.Context) finding {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	switch {
	case x.s == nil && x.file != nil && len(x.file.Names()) == 0 && x.roots["configuration"] == "":
		return x.anyStore(ctx)
	case x.s == nil:
		return notMade(x.roots["profile"] + " failed")
	}
	dir, err := x.stateFolder("store")
	if err != nil {
		return x.fault(err)
	}
	homeless, lost := x.homeless(dir, "the login", "SIMSID_STATE_DIR")
	if lost && homeless.outcome == render.ExamFailed && x.s.profile.Store != string(tokenstore.Memory) {
		return homeless
	}
	st, err := x.s.chooseStore(ctx)
	if x.s.beginsAnew() {
		if f := x.seedPlace(st, err); f.outcome != "" {
			return f
		}
	}
	if err != nil {
		return x.storeFault(err)
	}
	if st.Backend() == tokenstore.Memory {
		return passed("memory: nothing is kept, and every command needs a login of its own")
	}
	f := passed(st.Where() + ": a test entry was written, read and cleared")
	if lost {
		f = homeless
	}
	o, err := x.storeOptions()
	if err != nil {
		return x.fault(err)
	}
	missing, err := st.Missing(ctx)
	if err != nil {
		return x.storeFault(err)
	}
	if len(missing) > 0 {
		return failed(st.Where()+": "+secretNames(missing)+" on record, and not there any more", againLines(x.s.profile.Name, missing)...)
	}
	if r, ok, err := tokenstore.ReadRecord(o, x.s.profile.Name); err == nil && ok && !x.s.binding().Same(r.Binding(x.s.profile.Name)) {
		f = warned(st.Where()+": what is kept belongs to "+whose(r.Binding(""), x.s.binding())+", and is withheld", x.s.waysBack(r.Binding(""))...)
	} else if err == nil && ok && r.Unproven && !r.Ended {
		f.more = append(f.more, "nobody is signed in yet: the refresh token that the login begins with is "+unprovenWords(r))
	} else if err == nil && ok && tokenstore.LoginGone(o, x.s.profile.Name, r) {
		f = warned(st.Where()+": a login is on record, and its file is gone", "sign in again: simsid login -p "+x.s.profile.Name)
	}
	return f
}

// seedPlace tells whether a refresh token from the environment would be used: what each command refuses, no check may pass.
func (x *examination) seedPlace(st *tokenstore.Store, err error) finding {
	if _, odd := refreshTokenOf(refreshTokenVariable, x.s.seed().Reveal()); odd != nil {
		return x.fault(odd)
	}
	if o, err := x.storeOptions(); err == nil {
		if _, recorded, err := tokenstore.ReadRecord(o, x.s.profile.Name); err == nil && x.s.keepsNothing(recorded) {
			return passed("memory: nothing is kept, and " + refreshTokenVariable + " is used again by every command")
		}
	}
	if refused := x.s.placeForSeed(refreshTokenVariable, st, err); refused != nil && is[*hintedError](refused) {
		return x.fault(refused)
	}
	return finding{}
}

// anyStore tries the keyring, where no profile says what is wanted.
func (x *examination) anyStore(ctx context.Context) finding {
	o, err := x.storeOptions()
	if err != nil {
		return x.fault(err)
	}
	st, err := tokenstore.Choose(ctx, o, tokenstore.Binding{Profile: "doctor"}, "", tokenstore.Backend(x.env.Getenv("SIMSID_STORE")))
	if errors.Is(err, tokenstore.ErrAbsent) {
		f := x.storeFault(err)
		f.outcome = warned("").outcome // a profile may keep its login elsewhere
		return f
	}
	if err != nil {
		return x.storeFault(err)
	}
	return passed(st.Where() + ": a test entry was written, read and cleared")
}

// storeFault is fault, but for a passphrase that a login would ask for.
func (x *examination) storeFault(err error) finding {
	f := x.fault(err)
	if errors.Is(err, tokenstore.ErrNoSealKey) && !errors.Is(err, tokenstore.ErrNeedsIdentity) && x.caller.canAsk() {
		f.outcome = warned("").outcome
		f.says = "the sealed file's passphrase isn't given: each command asks for it here, and none works in a script"
	}
	return f
}

// lock looks whether another process keeps the profile's login to itself.
func (x *examination) lock(ctx context.Context) finding {
	if x.s == nil {
		return notMade(x.roots["profile"] + " failed")
	}
	if x.s.keep != nil && x.s.keep.Backend() == tokenstore.Memory {
		return notMade("nothing is kept that could be locked")
	}
	if x.roots["store"] != "" {
		if _, err := x.stateFolder("store"); err != nil { // the same folder
			return notMade(x.roots["store"] + " failed")
		}
	}
	o, err := x.storeOptions()
	if err != nil {
		return x.fault(err)
	}
	st, err := tokenstore.LookAtLock(ctx, o, x.s.profile.Name, lockPatience)
	switch {
	case err != nil && x.roots["store"] != "": // the same folder
		return notMade(x.roots["store"] + " failed")
	case err != nil:
		return x.fault(err)
	case !st.There:
		return passed("free: no login was ever used")
	case !st.Held:
		return passed("free; its file stays from command to command, and is in nobody's way")
	}
	says := fmt.Sprintf("another process has kept the login to itself for more than %s", lockPatience)
	if st.Holder == 0 {
		return failed(says, "see which: fuser -v "+shellWord(st.Path), "then end it; the lock goes with it")
	}
	return failed(fmt.Sprintf("process %d has kept the login to itself for more than %s", st.Holder, lockPatience),
		fmt.Sprintf("see what it is: ps -fp %d", st.Holder), fmt.Sprintf("if it hangs, end it; the lock goes with it: kill %d", st.Holder))
}

// browser tells what a login would be opened with.
func (x *examination) browser(ctx context.Context) finding {
	if x.s != nil && len(x.flow.ResponseTypes) == 0 && x.flow.Flow != "" {
		return notMade("flow " + x.s.profile.Flow + " opens none")
	}
	opener := x.env.Opener()
	overSSH := x.env.Getenv("SSH_CONNECTION") != "" || x.env.Getenv("SSH_TTY") != ""
	const paste = "open the address that login prints wherever there is a browser, and paste where it ends"
	switch {
	case x.env.Getenv("BROWSER") != "":
		return x.browserVariable()
	case x.inProcess() && (opener == "" || x.caller.alone()):
		return passed("none is needed: where none can be opened, the emulator signs a sample user in by itself")
	case x.caller.alone():
		return warned("--no-input or CI: none is opened, and nobody signs in here", "sign in elsewhere, and give the job a refresh token: simsid help environment")
	case overSSH && opener == "":
		f := warned("this is a session over SSH, and none is opened here", paste)
		if line := x.tunnelLine(ctx); line != "" {
			f.mend = append(f.mend, "or bring the answer here from your own machine, and open it there: "+line)
		}
		return f
	case opener == "" && x.env.Getenv("DISPLAY") == "" && x.env.Getenv("WAYLAND_DISPLAY") == "" && !x.system("windows", "darwin"):
		return warned("there is no display to open one on", paste, "or name a program that can: export BROWSER=PROGRAM")
	case opener == "":
		return warned("no program is found that opens one", paste, "or name one: export BROWSER=PROGRAM")
	}
	return passed("opened by " + opener)
}

// browserVariable looks whether one of BROWSER's programs is there.
func (x *examination) browserVariable() finding {
	var tried []string
	for one := range strings.SplitSeq(x.env.Getenv("BROWSER"), string(filepath.ListSeparator)) {
		words := strings.Fields(one)
		if len(words) == 0 {
			continue
		}
		if _, err := x.env.LookPath(words[0]); err == nil {
			return passed("opened by " + words[0] + ", as BROWSER says")
		}
		tried = append(tried, words[0])
	}
	return failed("BROWSER names "+strings.Join(tried, ", ")+", and there is no such program", "name one that is there, or take the variable away: unset BROWSER")
}

// tunnelLine brings the answer of a browser elsewhere to the port here.
func (x *examination) tunnelLine(ctx context.Context) string {
	if x.s == nil || !x.place.Here {
		return ""
	}
	states, err := flow.CheckPorts(ctx, x.s.profile.RedirectURI, x.s.profile.Listen)
	if err != nil || len(states) == 0 || strings.HasSuffix(states[0].Address, ":0") {
		return ""
	}
	line, _, _ := x.s.tunnel(flow.Listening{RedirectURI: x.s.profile.RedirectURI, Addresses: []string{states[0].Address}})
	return line
}

func (x *examination) system(names ...string) bool {
	system, _, _ := strings.Cut(x.env.Platform, "/")
	return slices.Contains(names, system)
}

// terminal tells what can be shown on it.
func (x *examination) terminal(context.Context) finding {
	if !x.env.StdoutTTY && !x.env.StderrTTY {
		return notMade("neither output is a terminal: text is plain, and 80 columns wide")
	}
	columns := x.env.Width()
	colour := "with colour"
	switch {
	case x.env.Getenv("NO_COLOR") != "":
		colour = "without colour (NO_COLOR)"
	case x.env.Getenv("TERM") == "dumb":
		colour = "without colour (TERM=dumb)"
	}
	f := passed(fmt.Sprintf("%d columns, %s", columns, colour))
	const least = 60
	if columns > 0 && columns < least {
		f = warned(f.says+": narrow for what is shown", fmt.Sprintf("make it at least %d columns wide", least))
	}
	if charset := x.charset(); charset != "" {
		f.outcome = warned("").outcome
		f.says += "; " + charset + " isn't UTF-8, so names and QR codes may be garbled"
		f.mend = append(f.mend, "choose a locale with UTF-8: export LC_ALL=C.UTF-8")
	} else {
		f.says += ", UTF-8"
	}
	return f
}

// charset is the locale that says that text isn't UTF-8, "" where it is: by the first of the variables that is set, as locale(7) has it.
func (x *examination) charset() string {
	if x.system("windows", "darwin") {
		return ""
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		v := x.env.Getenv(name)
		if v == "" {
			continue
		}
		if plain := strings.ToLower(strings.ReplaceAll(v, "-", "")); strings.Contains(plain, "utf8") {
			return ""
		}
		return name + "=" + v
	}
	return "the locale C"
}
