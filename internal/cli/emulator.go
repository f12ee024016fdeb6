package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/scenario"
	"github.com/simsid/simsid/internal/word"
)

// defaultEmulatorPort is where the emulator listens if nothing says otherwise. It isn't 5454, where SIMS ID's documentation has
// the application under test.
const defaultEmulatorPort = 8454

// defaultIMISPort is another one, so that both sites can be served at once.
const defaultIMISPort = 8455

type emulatorOptions struct {
	cmd            *cobra.Command
	imis           bool
	config         string
	port           int
	https          bool
	issuer         string
	as             string
	rules          string
	listen         string
	insecureListen bool
	readyFile      string
	state          string
	log            string
}

func newEmulatorCmd(a *app) *cobra.Command {
	o := &emulatorOptions{}
	cmd := &cobra.Command{
		Use:   "emulator",
		Short: "Serve an STS that behaves as SIMS ID's does, for tests",
		Long: `Serves the STS inside simsid on a port of this machine, for the tests of other
applications: users, organisations, clients and faults come from a file, and a
log says in words what each request met. It is a development server, and
listens on loopback only unless it is told otherwise.

With --imis it serves a site as iMIS runs one instead: members sign in there, a
page with the Single Sign On content item posts a refresh token to the client's
Login redirect URL, and the token endpoint exchanges it.

When it serves, it writes one line of JSON to standard output: issuer, port,
pid, the CA's file, and the token that faults are set with. SIGTERM ends it.`,
		Example: `  simsid emulator                        # sample users, the built-in client
  simsid emulator init emulator.toml     # a file to change
  simsid emulator --config emulator.toml --https
  simsid emulator --port 0 --as head --ready-file ready.json   # in CI
  simsid emulator --imis                 # a site run by iMIS, port 8455`,
		GroupID: groupSetup,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return parent(cmd, args) // a mistyped subcommand
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.cmd = cmd
			return runEmulator(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.imis, "imis", false, "serve a site as iMIS runs one, instead of an STS")
	f.StringVar(&o.config, "config", "", "a file of users, organisations, clients and faults")
	f.IntVar(&o.port, "port", defaultEmulatorPort, "the port to listen on; 0: any free one; with --imis 8455 if not set")
	f.BoolVar(&o.https, "https", false, "serve HTTPS, by a certificate of the emulator's own CA")
	f.StringVar(&o.issuer, "issuer", "", "the address that applications reach it by, if not localhost and the port")
	f.StringVar(&o.as, "as", "", "sign this user in without a page")
	f.StringVar(&o.rules, "rules", "", "whose rules hold: local, sandbox or live")
	f.StringVar(&o.listen, "listen", "localhost", "the address to listen on")
	f.BoolVar(&o.insecureListen, "insecure-listen", false, "let --listen name an address that others can reach")
	f.StringVar(&o.readyFile, "ready-file", "", "write the ready line to this file too, and remove it at the end")
	f.StringVar(&o.state, "state", "memory", "keep logins and keys in this folder; memory: nowhere")
	f.StringVar(&o.log, "log", "text", "how requests are logged on standard error: text or json")
	_ = cmd.RegisterFlagCompletionFunc("as", a.completeServedUsers)
	_ = cmd.RegisterFlagCompletionFunc("rules", cobra.FixedCompletions([]string{"local", "sandbox", "live"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("log", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(newEmulatorInitCmd(a), newEmulatorCACmd(a))
	return cmd
}

func runEmulator(ctx context.Context, a *app, o *emulatorOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	sc, err := a.emulatorScenario(ctx, o)
	if err != nil {
		return err
	}
	listener, err := emulator.Listen(ctx, o.listen, sc.Port)
	if err != nil {
		return listenError(err, o.listen, sc.Port)
	}
	defer listener.Close()
	return a.serveEmulator(ctx, o, sc, listener)
}

// emulatorScenario reads the file, if one is named, and lays the flags over it.
func (a *app) emulatorScenario(ctx context.Context, o *emulatorOptions) (*scenario.Scenario, error) {
	sc := &scenario.Scenario{Port: -1, Config: *emulator.BuiltinOf(o.site())}
	if o.config != "" {
		data, err := a.readFile(ctx, o.config)
		if err != nil {
			return nil, &hintedError{Code: exitUsage, Err: err, Hints: []string{"a file to begin with: simsid emulator init " + o.initFlag() + o.config}}
		}
		if sc, err = scenario.Parse(o.config, data, sc.Config); err != nil {
			return nil, err
		}
	}
	switch {
	case o.cmd.Flags().Changed("port"):
		sc.Port = o.port
	case sc.Port < 0 && o.imis:
		sc.Port = defaultIMISPort
	case sc.Port < 0:
		sc.Port = o.port
	}
	if o.cmd.Flags().Changed("https") {
		sc.HTTPS = o.https
	}
	if o.issuer != "" {
		sc.Issuer = o.issuer
	}
	if o.as != "" {
		sc.As = o.as
	}
	if o.rules != "" {
		sc.Config.Rules = emulator.Rules(o.rules)
	}
	return sc, checkIssuer(sc)
}

// checkIssuer refuses an issuer that couldn't be served.
func checkIssuer(sc *scenario.Scenario) error {
	if sc.Issuer == "" {
		return nil
	}
	u, err := url.Parse(sc.Issuer)
	if err != nil || u.Host == "" {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("the issuer %q isn't an address", word.Address(sc.Issuer)), Hints: []string{"such as http://localhost:8454/"}}
	}
	switch {
	case sc.HTTPS && u.Scheme != "https":
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("the issuer %q isn't https, and the emulator is to serve HTTPS", word.Address(sc.Issuer))}
	case sc.HTTPS && !isLoopbackIssuer(sc.Issuer):
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("the emulator's CA vouches for localhost alone, not for %s", u.Hostname()),
			Hints: []string{"serve HTTP, with a proxy that has a certificate for that name in front of it"}}
	}
	return nil
}

func listenError(err error, host string, port int) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	address := net.JoinHostPort(host, strconv.Itoa(port))
	return &hintedError{Code: exitFailed, Text: fmt.Sprintf("port %d is taken", port), Err: err, Hints: []string{
		"another emulator may be running there; take any free port: --port 0",
		"to see which program listens: " + whoListens(address),
	}}
}

// site is what is to be served.
func (o *emulatorOptions) site() emulator.Site {
	if o.imis {
		return emulator.SiteIMIS
	}
	return emulator.SiteSTS
}

// initFlag is the flag of emulator init for a file of the same site, with a space behind it.
func (o *emulatorOptions) initFlag() string {
	if o.imis {
		return "--imis "
	}
	return ""
}

// check refuses flag values that can't be.
func (o *emulatorOptions) check() error {
	const command = "simsid emulator"
	switch {
	case o.log != "text" && o.log != "json":
		return &usageError{Problem: "--log must be text or json, not " + word.Quote(o.log, "text", "json"), Command: command}
	case o.state == "":
		return &usageError{Problem: "--state must be a folder, or memory", Command: command}
	case o.port < 0 || o.port > 65535:
		return &usageError{Problem: fmt.Sprintf("--port must be from 0 to 65535, not %d", o.port), Command: command}
	case o.rules != "" && o.imis:
		return &usageError{Problem: "--rules are those of SIMS ID's installations, and --imis serves none", Command: command}
	case o.rules != "" && o.rules != "local" && o.rules != "sandbox" && o.rules != "live":
		u := &usageError{Problem: "--rules must be local, sandbox or live, not " + word.Quote(o.rules, "local", "sandbox", "live"), Command: command}
		if near := word.Nearest(o.rules, []string{"local", "sandbox", "live"}); near != "" {
			u.Hint = "did you mean: --rules " + near
		}
		return u
	case o.listen != "localhost" && !isLoopbackAddress(o.listen) && !o.insecureListen:
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("--listen %s lets others reach this development server, whose users and secrets are public", word.Host(o.listen)),
			Hints: []string{"if that is what you want, as in a container of its own: add --insecure-listen"}}
	}
	return nil
}

func isLoopbackAddress(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func isLoopbackName(host string) bool { return host == "localhost" || isLoopbackAddress(host) }

// isLoopbackIssuer reports whether an issuer is on this machine by its name.
func isLoopbackIssuer(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && isLoopbackName(u.Hostname())
}
