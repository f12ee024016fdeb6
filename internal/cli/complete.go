package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/scenario"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// completer is what cobra asks for candidates.
type completer = cobra.CompletionFunc

// completing reports whether a shell asks for candidates: only then is there anything to register, which every other start is spared.
func completing(args []string) bool { return len(args) > 0 && strings.HasPrefix(args[0], "__complete") }

// addCompletions gives flags their candidates, wherever in the tree they are. What a command has registered for itself stays.
func (a *app) addCompletions(root *cobra.Command) {
	completers := a.completers()
	eachCommand(root, func(cmd *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				if complete, ok := completers[f.Name]; ok {
					_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // an error says that there is one already
				}
			})
		}
	})
}

// completers are the candidates of flags by name. A flag of none of them completes files, as many do; those that take neither have
// nothing.
func (a *app) completers() map[string]completer {
	words := func(list ...string) completer {
		return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
	}
	nothing := words()
	return map[string]completer{
		"kind": words(kindNames()...), "environment": words("sandbox", "live"), "flow": words(flowNames()...), "store": words("keyring", "file", "memory"),
		"client-auth":        words("client_secret_post", "client_secret_basic", "client_secret_basic_raw", "private_key_jwt", "none"),
		"client-key-alg":     words("RS256", "PS256", "ES256", "EdDSA"),
		"assertion-audience": words("token_endpoint", "issuer"), "par": words("true", "false"), "id-token-hint": words("true", "false"),
		"response-type": words(responseTypes()...), "response-mode": words("query", "fragment", "form_post"),
		"prompt": words("none", "login", "consent", "select_account"), "refresh-usage": words("one-time", reusable),
		"scope": a.completeScopes, "from": a.completeProfiles,
		"issuer": nothing, "client-id": nothing, "client-key-id": nothing, "redirect-uri": nothing, "post-logout-redirect-uri": nothing, "api-base": nothing,
		"listen": nothing, "login-hint": nothing, "ui-locales": nothing, "max-age": nothing, "acr-values": nothing, "param": nothing,
		"introspection-id": nothing, "jq": nothing, "min-valid": nothing, "timeout": nothing, "idp": nothing, "tenant": nothing, "org": nothing,
		"github-output": nothing, "port": nothing, "header": nothing, "env": nothing, "at": nothing, "expect-user": nothing, "refresh-lifetime": nothing,
		"hmac-secret-env": nothing, "save": nothing, "expect": a.completeExpectations,
	}
}

func responseTypes() []string {
	var types []string
	for _, f := range provider.Flows() {
		for _, t := range f.ResponseTypes {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	return types
}

// completeProfiles offers the profiles' names.
func (a *app) completeProfiles(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, name := range config.BuiltInProfiles() {
		names = append(names, cobra.CompletionWithDesc(name, aboutBuiltIn(name)))
	}
	if file, err := a.loadConfig(); err == nil {
		for _, name := range file.Names() {
			issuer := ""
			if v, _, ok := file.Value(name, "issuer"); ok && len(v) == 1 {
				issuer = render.Safe(v[0]) // the shell shows it as it is
			}
			names = append(names, cobra.CompletionWithDesc(name, issuer))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeUsers offers the emulator's sample users.
func completeUsers(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var users []cobra.Completion
	for _, u := range emulator.Users(siteOf(cmd)) {
		users = append(users, cobra.CompletionWithDesc(u.Login, u.About))
	}
	return users, cobra.ShellCompDirectiveNoFileComp
}

// siteOf is which site a command line names so far.
func siteOf(cmd *cobra.Command) emulator.Site {
	imis := cmd.Flags().Lookup("imis")
	which, _ := cmd.Flags().GetString("emulator")
	profile, _ := cmd.Flags().GetString("profile")
	if imis != nil && imis.Value.String() == "true" || which == string(emulator.SiteIMIS) || profile == imisProfile {
		return emulator.SiteIMIS
	}
	return emulator.SiteSTS
}

// completeServedUsers offers the users of the file that --config names, or else the sample users.
func (a *app) completeServedUsers(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	name, _ := cmd.Flags().GetString("config")
	ctx, cancel := context.WithTimeout(cmd.Context(), filePatience) // somebody waits for what TAB gives
	defer cancel()
	data, err := a.readFile(ctx, name)
	if name == "" || err != nil {
		return completeUsers(cmd, args, typed)
	}
	sc, err := scenario.Parse(name, data, *emulator.BuiltinOf(siteOf(cmd)))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var users []cobra.Completion
	for _, u := range sc.Config.Users {
		users = append(users, cobra.CompletionWithDesc(u.Login, u.Name))
	}
	return users, cobra.ShellCompDirectiveNoFileComp
}

// completeScopes offers what is known of the profile's kind, and what the profile asks for, behind those that are typed already.
func (a *app) completeScopes(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	known := map[string]string{}
	var names []string
	add := func(name, meaning string) {
		if _, ok := known[name]; !ok {
			names, known[name] = append(names, name), meaning
		}
	}
	s, err := a.newSession(selection{cmd: cmd})
	if err != nil || s.kind.SIMS {
		for _, scope := range sims.Scopes() {
			add(scope.Name, scope.Meaning)
		}
	} else {
		for _, scope := range s.profile.Scopes {
			add(scope, "of profile "+s.profile.Name)
		}
		for _, name := range []string{"openid", "profile", "email", "address", "phone", "offline_access"} {
			add(name, "")
		}
	}
	before := typed[:strings.LastIndexAny(typed, ", ")+1]
	given := strings.FieldsFunc(before, func(r rune) bool { return r == ',' || r == ' ' })
	var list []cobra.Completion
	for _, name := range names {
		if !slices.Contains(given, name) {
			list = append(list, cobra.CompletionWithDesc(before+name, known[name]))
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// keptClaimsTime bounds the look into the store: somebody waits at the prompt.
const keptClaimsTime = time.Second

// completeClaims offers the claims that the kept tokens have, and then those that are known, each with its meaning.
func (a *app) completeClaims(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	seen := map[string]bool{}
	add := func(name, meaning string) {
		// What a shell shows is one line, and a token may hold anything.
		if !seen[name] && isPlainWord(name) {
			seen[name] = true
			names = append(names, cobra.CompletionWithDesc(name, meaning))
		}
	}
	for _, name := range a.keptClaims(cmd) {
		info, _ := sims.LookupClaim(name)
		add(name, info.Meaning)
	}
	for _, c := range slices.Concat(sims.Claims(), sims.StandardClaims()) {
		add(c.Name, c.Meaning)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeExpectations offers what an expectation begins with; an operator and a value go on from there.
func (a *app) completeExpectations(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	names := []cobra.Completion{
		cobra.CompletionWithDesc("org.type", "types of the organisations: has school, lacks trust"), cobra.CompletionWithDesc("org.id", "ids of the organisations"),
		cobra.CompletionWithDesc("org.user", "the user's ids at the organisations"), cobra.CompletionWithDesc("role.name", "roles without their organisations"),
		cobra.CompletionWithDesc("role.org", "ids of the organisations of the roles"), cobra.CompletionWithDesc("header.alg", "the algorithm of the signature"),
	}
	claims, _ := a.completeClaims(cmd, args, typed)
	return append(names, claims...), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func isPlainWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// keptClaims are the names of the claims in the profile's kept tokens; none where they can't be had without asking anybody.
func (a *app) keptClaims(cmd *cobra.Command) []string {
	a.global.noInput = true
	ctx, stop := context.WithTimeout(cmd.Root().Context(), keptClaimsTime)
	defer stop()
	s, err := a.newSession(selection{cmd: cmd})
	if err != nil {
		return nil
	}
	o, err := s.storeOptions()
	if err != nil {
		return nil
	}
	o.Waiting = nil
	st, err := tokenstore.Open(ctx, o, s.binding(), "")
	if err != nil {
		return nil
	}
	set, err := st.LoadCached(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, t := range []token.Secret{set.ID, set.Access} {
		if jwt, err := token.ParseJWT(t.Reveal()); err == nil {
			for _, m := range jwt.Claims.Members() {
				names = append(names, m.Name)
			}
		}
	}
	return names
}
