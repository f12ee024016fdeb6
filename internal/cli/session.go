package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// session is one profile in use: what is configured, what its kind is, and, as soon as somebody asks, its provider and
// its store. Nothing is read or asked before it is needed.
type session struct {
	*app
	profile config.Profile
	file    *config.File
	kind    provider.Kind
	sts     *emulator.Server // for an embedded kind, made by prepareHTTP
	base    string           // where a browser reaches it, set by serveEmbedded
	jar     visitorCookies   // of visits that simsid makes in a browser's place and that belong together; nil: each stands alone
	hc      *http.Client     // made by prepareHTTP
	prov    *provider.Provider
	keep    *tokenstore.Store
	flow    provider.FlowInfo // of a login, set by checkFlow
	forced  bool              // the rules of the kind are left to the provider
	// forcible says that the command has a flag for it.
	forcible bool
	withheld *tokenstore.Binding     // whose the secret is that is kept and wasn't given out, set by secret
	gone     []tokenstore.SecretKind // on record, and found nowhere; set by secret
	adopted  token.Secret            // the refresh token from outside that a login begins with
	hinted   bool                    // the address to sign in at holds an ID token
	own      *ownToken               // what the client's own token was asked for with, set by loginAsClient
	signOn   *render.SignOn          // what a login asked about the way of the sign-in, set by browserRequest
}

// selection are the options that choose and override a profile.
type selection struct {
	cmd  *cobra.Command
	name string // profile; "" means the chosen one
	// recorded has a profile that isn't configured any more be what its login was made with.
	recorded bool
}

// baseProfileFlags are the keys of a profile that a command takes as flags.
var baseProfileFlags = []string{"issuer", "client_id", "client_auth", "ca_file", "store"} //nolint:gochecknoglobals // a constant list

// configPath is where the configuration file lies.
func (a *app) configPath() (string, error) {
	dir, err := a.env.ConfigDir()
	if err != nil {
		return "", &hintedError{Code: exitUsage, Err: err, Hints: a.folderHints("the configuration", "SIMSID_CONFIG_DIR")}
	}
	return filepath.Join(dir, "config.toml"), nil
}

func (a *app) loadConfig() (*config.File, error) {
	path, err := a.configPath()
	if err != nil {
		return nil, err
	}
	return config.Load(path)
}

// folderHints are the ways out where the system knows no folder of the user's.
func (a *app) folderHints(made, variable string) []string {
	if a.onWindows() {
		return []string{"name a folder for " + made + ": export " + variable + "=FOLDER"}
	}
	return []string{"set it to your home folder: export HOME=FOLDER", "or name a folder for " + made + ": export " + variable + "=FOLDER"}
}

// stateFolder is the part of the state folder that belongs to one package.
func (a *app) stateFolder(part string) (string, error) {
	dir, err := a.env.StateDir()
	if err != nil {
		return "", &hintedError{Code: exitUsage, Err: err, Hints: a.folderHints("logins", "SIMSID_STATE_DIR")}
	}
	return filepath.Join(dir, part), nil
}

// chosenProfile is the profile's name by precedence: flag, environment, file.
func (a *app) chosenProfile(file *config.File) string {
	if a.global.profile != "" {
		return a.global.profile
	}
	if name := a.env.Getenv("SIMSID_PROFILE"); name != "" {
		return name
	}
	return file.Default()
}

// builtIn are the values of a profile that exists without a file, nil for every other.
func builtIn(name string) map[string][]string {
	switch name {
	case emulatorProfile:
		return map[string][]string{"kind": {"emulator"}}
	case reportsProfile:
		c := emulator.ReportsClient()
		return map[string][]string{"kind": {"emulator"}, "client_id": {c.ID}, "redirect_uri": {c.RedirectURI}, "post_logout_redirect_uri": {c.PostLogoutRedirectURI}}
	case imisProfile:
		// Port 0 is any free one: the site inside simsid is told which.
		return map[string][]string{"kind": {"emulator-imis"}, "redirect_uri": {"http://127.0.0.1:0/callback"}}
	}
	return nil
}

// newSession resolves the profile that a command is to work with, and refuses one that lacks what every command needs.
func (a *app) newSession(sel selection) (*session, error) {
	s, err := a.resolveSession(sel)
	if err == nil {
		err = s.complete()
	}
	if err != nil {
		a.unsettled = true
		return nil, err
	}
	return s, nil
}

// resolveSession resolves a profile that may still lack something.
func (a *app) resolveSession(sel selection) (*session, error) {
	file, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	name := sel.name
	if name == "" {
		name = a.chosenProfile(file)
	}
	flags := profileFlagValues(sel.cmd)
	var left []string
	if len(flags) > 0 {
		left = leftOut(flags)
	}
	layers := a.layers(file, name, flags, a.env.Getenv)
	p, err := config.Resolve(layers)
	if is[*config.UnknownProfileError](err) && (name == config.EnvProfile || sel.recorded) {
		// Nothing says any more what the profile is, but its login does: it was made by flags alone, or its profile is gone.
		if settings := a.recorded(name); settings != nil {
			layers.BuiltIn = settings
			p, err = config.Resolve(layers)
		}
	}
	if err != nil {
		if e, ok := errors.AsType[*config.UnknownProfileError](err); ok && e.Name == "" {
			return nil, a.nothingConfigured(file)
		}
		return nil, err
	}
	s := &session{app: a, profile: p, file: file}
	if len(left) > 0 {
		s.leaveOut(left)
	}
	kind, ok := provider.LookupKind(p.Kind)
	if !ok {
		return nil, &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s: there is no provider kind %s", p.Name, word.Quote(p.Kind, kindNames()...)),
			Hints: []string{"known kinds: " + strings.Join(kindNames(), ", "), "choose one: " + s.set("kind", cmp.Or(word.Nearest(p.Kind, kindNames()), "oidc"))}}
	}
	s.kind = kind
	if kind.Embedded != "" && !s.embedded() {
		s.kind.Title = strings.Replace(kind.Title, "embedded", "emulated", 1)
	}
	return s, nil
}

// layers are the inputs of precedence for one profile.
func (a *app) layers(file *config.File, name string, flags map[string][]string, getenv func(string) string) config.Layers {
	l := config.Layers{File: file, Profile: name, Flags: flags, Getenv: getenv, Defaults: kindDefaults}
	if config.BuiltIn(name) {
		l.BuiltIn = builtIn(name)
		l.Getenv = func(variable string) string {
			if describesClient(variable) {
				return ""
			}
			return getenv(variable)
		}
	}
	return l
}

// describesClient names the variables that say which client at which provider is meant: one that is exported for a real provider
// must not lead the emulator's own client astray.
func describesClient(variable string) bool {
	switch variable {
	case "SIMSID_KIND", "SIMSID_ENVIRONMENT", "SIMSID_ISSUER", "SIMSID_CLIENT_ID", "SIMSID_CLIENT_AUTH", "SIMSID_CLIENT_KEY", "SIMSID_CLIENT_KEY_ID",
		"SIMSID_CLIENT_KEY_ALG", "SIMSID_ASSERTION_AUDIENCE", "SIMSID_FLOW", clientSecretVariable,
		"SIMSID_RESPONSE_TYPE", "SIMSID_RESPONSE_MODE", "SIMSID_API_BASE", apiHeadersVariable, refreshTokenVariable,
		"SIMSID_REDIRECT_URI", "SIMSID_LISTEN", "SIMSID_TLS_CERT", "SIMSID_TLS_KEY", "SIMSID_POST_LOGOUT_REDIRECT_URI":
		return true
	}
	return false
}

const (
	clientSecretVariable        = "SIMSID_CLIENT_SECRET"        //nolint:gosec // G101: the name of a variable, not its value
	introspectionSecretVariable = "SIMSID_INTROSPECTION_SECRET" //nolint:gosec // G101: the name of a variable, not its value
)

// nothingConfigured tells a newcomer, or one who has only tried the emulator, what to type.
func (a *app) nothingConfigured(file *config.File) error {
	e := &hintedError{Code: exitUsage, Text: "no profile is chosen"}
	names := file.Names()
	switch {
	case len(names) > 0:
		e.Hints = []string{"choose one: -p " + strings.Join(names, ", -p "), "or make one the default: simsid profile use " + names[0]}
	case danglingLink(file.Path()):
		e.Text = "nothing is configured: " + file.Path() + " is a symbolic link to what isn't there"
		e.Hints = []string{"see where it leads: ls -l " + shellWord(file.Path()), "bring back what it leads to, or take the link away"}
	default:
		e.Text = "nothing is configured yet"
		e.Hints = []string{"try it without an account: simsid login --emulator", "set up a provider of your own: simsid profile add"}
		if signedIn := a.builtInLogins(); len(signedIn) > 0 {
			e.Text += "; the emulator's login is profile " + strings.Join(signedIn, ", or ")
			e.Hints = []string{"name it: -p " + strings.Join(signedIn, ", -p "), "or make it the default: simsid profile use " + signedIn[0], e.Hints[1]}
		}
	}
	return e
}

// danglingLink reports whether a symbolic link leads nowhere.
func danglingLink(path string) bool {
	if _, err := os.Readlink(path); err != nil {
		return false
	}
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// builtInLogins are the profiles inside simsid that somebody is signed in with.
func (a *app) builtInLogins() []string {
	dir, err := a.stateFolder("store")
	if err != nil {
		return nil
	}
	var names []string
	for _, name := range config.BuiltInProfiles() {
		if r, ok, _ := tokenstore.ReadRecord(tokenstore.Options{Dir: dir}, name); ok && !r.SignedInAt.IsZero() {
			names = append(names, name)
		}
	}
	return names
}

// kindDefaults are a kind's defaults by the profile's keys.
// knownKinds says which kinds there are, and which of them was likely meant.
func knownKinds(typed string) []string {
	hints := []string{"known kinds: " + strings.Join(kindNames(), ", ")}
	if near := word.Nearest(typed, kindNames()); near != "" {
		hints = append([]string{"did you mean: --kind " + near}, hints...)
	}
	return hints
}

func kindDefaults(kind, environment string) map[string][]string {
	if kind == "" {
		return map[string][]string{"kind": {"oidc"}}
	}
	k, ok := provider.LookupKind(kind)
	if !ok {
		return nil
	}
	d := map[string][]string{}
	set := func(key, v string) {
		if v != "" {
			d[key] = []string{v}
		}
	}
	set("issuer", k.Issuer)
	if environment != "" {
		if issuer, ok := k.EnvironmentIssuer(environment); ok {
			set("issuer", issuer)
		}
	}
	set("client_auth", string(k.DefaultAuth))
	set("flow", string(k.DefaultFlow))
	set("redirect_uri", k.DefaultRedirect)
	set("store", k.DefaultStore)
	d["scopes"] = k.DefaultScopes
	switch {
	case k.Embedded == "":
	case emulator.Site(k.Embedded) == emulator.SiteIMIS:
		set("client_id", emulator.IMISClientID)
		set("redirect_uri", emulator.IMISRedirect)
	default:
		set("client_id", emulator.BuiltinClientID)
		set("redirect_uri", emulator.BuiltinRedirect)
		set("post_logout_redirect_uri", emulator.BuiltinPostLogout)
	}
	return d
}

func kindNames() []string {
	var names []string
	for _, k := range provider.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// complete refuses a profile that can't be used, with what is missing.
func (s *session) complete() error {
	p := s.profile
	missing := func(what, key, example string) error {
		e := &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s has no %s", p.Name, what)}
		if p.Name == config.EnvProfile {
			e.Text = fmt.Sprintf("profile %s (which variables make) has no %s", p.Name, what)
			e.Hints = []string{"set the variable: " + setLine(p.Name, key, shellWord(example))}
			return e
		}
		e.Hints = []string{"set it: " + setLine(p.Name, key, shellWord(example)), "or give it for this once by flag or environment: see simsid login --help"}
		return e
	}
	if p.Environment != "" {
		if _, ok := s.kind.EnvironmentIssuer(p.Environment); !ok {
			return &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s: kind %s has no environment %s", p.Name, s.kind.Name, word.Quote(p.Environment, "sandbox", "live")),
				Hints: []string{"leave environment away: only kind simsid has several installations"}}
		}
	}
	if known, _ := s.kind.EnvironmentIssuer(p.Environment); known != "" && strings.TrimSuffix(p.Issuer, "/") != known {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s: %s of %s is %s, not %s", p.Name, p.Environment, s.kind.Title, known, p.Issuer),
			Hints: []string{"an address that you were assigned is of the environment sandbox; any other provider is of kind oidc"}}
	}
	if p.Issuer == "" {
		return missing("issuer", "issuer", "https://id.example.com")
	}
	if s.kind.OwnCA && !s.embedded() && !isLoopbackIssuer(p.Issuer) {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s: kind %s is for an emulator on this machine, and %s isn't one", p.Name, s.kind.Name, p.Issuer),
			Hints: []string{"a provider elsewhere is of kind simsid or oidc"}}
	}
	if err := s.checkTrust(); err != nil {
		return err
	}
	if p.ClientID == "" {
		return missing("client id", "client_id", "the-id-that-the-provider-gave-you")
	}
	return nil
}
