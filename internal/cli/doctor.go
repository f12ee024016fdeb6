package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

type doctorOptions struct {
	cmd     *cobra.Command
	offline bool
}

// doctorKeys are the keys that doctor takes as flags: those that a check looks at.
func doctorKeys() []string {
	return []string{"kind", "environment", "issuer", "client_id", "client_auth", "flow", "scopes", "redirect_uri", "listen", "tls_cert", "tls_key", "ca_file", "store"}
}

func newDoctorCmd(a *app) *cobra.Command {
	o := &doctorOptions{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check everything that a login needs, without signing in",
		Long: `Checks, in the order in which a login comes by: the configuration and who can
change it, the profile, the rules of its provider's kind, the redirect URI with
the exact string to register, the port on both families of this machine, the
certificate, the host's name, the proxy, the connection, who vouches for the
provider's certificate, the clock, the metadata, the keys, whether the provider
takes the client, the store, its lock, the browser and the terminal. Each has
an outcome, and what is wrong has the line that mends it. A check that stands
on one that failed isn't made.

Whether the provider takes the client is found out by one request with a code
or refresh token that is made up: it must be refused, and how it is refused
tells a wrong secret from a good one. Nobody is signed in, nothing is asked of
anybody at the terminal, and nothing that is kept is changed.

Exits with 3 when something is wrong, and with 0 where there are warnings
alone. With -o json the answer is fit for a ticket: no secret is in it, nor
your name, your folders or the values of addresses' queries.`,
		Example: `  simsid doctor
  simsid doctor -p school --offline
  simsid doctor -p school -o json > ticket.json
  simsid doctor --jq '.checks[] | select(.outcome == "failed") | .mend[]'`,
		GroupID:           groupSetup,
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			return runDoctor(cmd.Context(), a, o)
		},
	}
	cmd.Flags().BoolVar(&o.offline, "offline", false, "leave out what asks the network")
	addProfileFlags(cmd, doctorKeys()...)
	return cmd
}

func runDoctor(ctx context.Context, a *app, o *doctorOptions) error {
	quiet := *a
	quiet.global.noInput, quiet.looks = true, true // nobody is asked, no prompt of a keyring appears, and nothing is set aside
	quiet.files = &fileCache{filePatience, map[string]fileRead{}}
	x := &examination{app: &quiet, caller: a, o: o, roots: map[string]string{}}
	defer x.tidy()()
	for _, c := range x.checks() {
		x.make(ctx, c)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	view := x.view()
	if err := a.answer(ctx, view); err != nil {
		return err
	}
	if !view.Healthy() {
		return noError{}
	}
	return nil
}

// examination is one run of doctor: what is found out by one check and needed by the next.
type examination struct {
	*app          // that asks nobody
	caller   *app // as it was called
	o        *doctorOptions
	file     *config.File
	s        *session // nil: there is no profile that anything could be checked of
	flow     provider.FlowInfo
	place    flow.Place
	route    *provider.Route // nil: nobody was asked
	clocked  *provider.ServerClock
	prov     *provider.Provider
	deadline time.Time // of everything that asks the network
	made     []render.Examination
	roots    map[string]string // by a check's id: the failed one that it stands on, or is; "" where none is
}

// Deadlines of what asks the network: of one check, and of all of them.
const (
	checkTimeout  = 4 * time.Second
	doctorTimeout = 10 * time.Second
)

// filePatience is how long a file that the user named may take to be read: a pipe that nobody writes to takes for ever.
const filePatience = 2 * time.Second

// check is one row: what it needs to have come out well before it can be made, and how it is made.
type check struct {
	id, name string
	needs    []string // ids of checks that must not have failed
	network  bool     // it asks the network, and isn't made with --offline
	find     func(context.Context) finding
}

// finding is the outcome of a check.
type finding struct {
	outcome render.ExamOutcome
	says    string
	more    []string
	mend    []string
}

func passed(says string, more ...string) finding {
	return finding{outcome: render.ExamPassed, says: says, more: more}
}

func warned(says string, mend ...string) finding {
	return finding{outcome: render.ExamWarning, says: says, mend: mend}
}

func failed(says string, mend ...string) finding {
	return finding{outcome: render.ExamFailed, says: says, mend: mend}
}

func notMade(why string) finding { return finding{outcome: render.ExamNotMade, says: why} }

// checks are all of them, in order.
func (x *examination) checks() []check {
	return []check{
		{"configuration", "configuration", nil, false, x.configuration},
		{"profile", "profile", []string{"configuration"}, false, x.profile},
		{"rules", "rules", []string{"profile"}, false, x.rules},
		{"redirect", "redirect URI", []string{"profile"}, false, x.redirect},
		{"port", "port", []string{"redirect"}, false, x.port},
		{"certificate", "certificate", []string{"redirect"}, false, x.certificate},
		{"dns", "DNS", nil, true, x.dns},
		{"proxy", "proxy", nil, true, x.proxy},
		{"connection", "connection", []string{"dns", "proxy"}, true, x.connection},
		{"tls", "TLS chain", nil, false, x.tls},
		{"clock", "clock", nil, false, x.clockOffset},
		{"discovery", "discovery", []string{"connection", "tls"}, true, x.discovery},
		{"keys", "keys", []string{"discovery"}, true, x.keys},
		{"client", "client", []string{"profile"}, false, x.client},
		{"store", "store", nil, false, x.store},
		{"lock", "lock", nil, false, x.lock},
		{"browser", "browser", nil, false, x.browser},
		{"terminal", "terminal", nil, false, x.terminal},
	}
}

// make makes one check, or says why it isn't made.
func (x *examination) make(ctx context.Context, c check) {
	f := finding{}
	root := x.blocked(c)
	switch {
	case root != "":
		f = notMade(root + " failed")
		if slices.ContainsFunc(x.made, func(e render.Examination) bool { return e.Name == root && e.Outcome == render.ExamWarning }) {
			f = notMade(root + " isn't right")
		}
	case c.network && x.s != nil && !x.inProcess() && x.o.offline:
		f = notMade(notAsked)
	default:
		f = c.find(ctx)
	}
	if f.outcome == render.ExamFailed {
		root = c.name
		f = x.spared(c, f)
	}
	f.mend = x.typed(f.mend)
	x.roots[c.id] = root
	x.made = append(x.made, render.Examination{ID: c.id, Name: c.name, Outcome: f.outcome, Says: f.says, More: f.more, Mend: f.mend})
}

// blocked names the failed check that this one can't be made for, "" where there is none.
func (x *examination) blocked(c check) string {
	if root := x.stopped(c.needs...); root != "" {
		return root
	}
	if c.network && x.s == nil { // nothing says whom to ask
		return x.roots["profile"]
	}
	return ""
}

// stopped names the first failed check that one of these stands on, or is; "" where there is none.
func (x *examination) stopped(ids ...string) string {
	for _, id := range ids {
		if root := x.roots[id]; root != "" {
			return root
		}
	}
	return ""
}

// fault makes a finding of an error, with the words and hints that a command would have.
func (x *examination) fault(err error) finding {
	if x.s != nil {
		err = &profileError{Profile: x.s.profile.Name, Err: err}
	}
	f := x.situated(err, explain(err))
	if len(f.Hints) == 0 || x.inProcess() && is[*provider.UnavailableError](err) { // in the process, trying again finds the same
		f.Hints = x.whereToMend(err)
	} else if is[*config.ValueError](err) {
		f.Hints = append(x.whereToMend(err), f.Hints...)
	}
	return failed(f.Text, f.Hints...)
}

// whereToMend is where what is wrong was said, for errors whose words are all that a command has to say.
func (x *examination) whereToMend(err error) []string {
	if e, ok := errors.AsType[*config.FileError](err); ok {
		if e.Line > 0 {
			return []string{fmt.Sprintf("edit line %d of %s", e.Line, e.Path)}
		}
		return []string{"look what it is, and put a file in its place: ls -l " + shellWord(e.Path)}
	}
	if errors.Is(err, tokenstore.ErrBackend) { // of SIMSID_STORE, where no profile says what is wanted
		return []string{"give it another value: export SIMSID_STORE=keyring", "or take it away: unset SIMSID_STORE"}
	}
	if st, ok := errors.AsType[*tokenstore.Error](err); ok && st.Path != "" || x.inProcess() {
		return []string{"choose a folder that can be written to: export SIMSID_STATE_DIR=FOLDER"}
	}
	e, ok := errors.AsType[*config.ValueError](err)
	if !ok {
		return []string{"see more of it: add --verbose --trace"}
	}
	for _, setting := range config.Settings() {
		switch {
		case setting.Key != e.Key:
		case e.Origin.Source == config.FromProfile && x.file != nil:
			return []string{"give it another value: simsid profile edit " + x.chosenProfile(x.file) + " --" + setting.Flag + " VALUE"}
		case e.Origin.Source == config.FromEnvironment:
			return []string{"give it another value: export " + e.Origin.Detail + "=VALUE", "or take it away: unset " + e.Origin.Detail}
		default:
			return []string{"give another value where this one comes from: " + e.Origin.Detail}
		}
	}
	return []string{"choose another name"}
}

// within runs what asks the network, within its time.
func (x *examination) within(ctx context.Context, ask func(context.Context)) {
	now := x.env.Now()
	if x.deadline.IsZero() {
		x.deadline = now.Add(max(doctorTimeout, x.global.timeout))
	}
	one := checkTimeout
	if x.global.timeout > 0 {
		one = x.global.timeout
	}
	ctx, cancel := context.WithTimeout(ctx, max(min(one, x.deadline.Sub(now)), time.Millisecond))
	defer cancel()
	ask(ctx)
}

// view is the answer.
func (x *examination) view() render.Examined {
	v := render.Examined{Version: x.env.Build().Version, Platform: x.env.Platform, Offline: x.o.offline, Checks: x.made}
	if x.file != nil {
		v.Profile = word.Name(x.chosenProfile(x.file), x.file.Names()...)
	}
	if x.s != nil {
		p := x.s.profile
		v.Profile, v.Kind, v.Title, v.Environment = p.Name, x.s.kind.Name, x.s.kind.Title, p.Environment
		v.Issuer, v.ClientID, v.Flow = p.Issuer, p.ClientID, p.Flow
	}
	return x.redacted(v)
}
