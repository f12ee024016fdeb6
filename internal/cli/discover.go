package cli

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/word"
)

type discoverOptions struct {
	cmd   *cobra.Command
	given string // issuer or host; "": the profile's
	save  string
	use   bool
}

func newDiscoverCmd(a *app) *cobra.Command {
	o := &discoverOptions{}
	cmd := &cobra.Command{
		Use:   "discover [ISSUER|HOST]",
		Short: "Read what a provider says of itself, in words",
		Long: `Reads a provider's metadata, at OpenID Connect's place or at that of RFC 8414,
and says what it means: the addresses, what is supported, which of simsid's
commands will therefore work, where it differs from what is known of its kind,
and which keys it signs with.

A host name is enough where the issuer isn't known: the places where issuers
usually lie are asked, and the answer says which. Without an argument it is
the profile's provider. With --save the provider becomes a profile.`,
		Example: `  simsid discover https://id.example.com
  simsid discover id.example.com --kind curity
  simsid discover id.example.com --save work --client-id my-cli
  simsid discover -p emulator
  simsid discover id.example.com --jq .metadata`,
		GroupID:           groupSetup,
		Args:              optionalArgument("one issuer or host"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd = cmd
			if len(args) == 1 {
				o.given = args[0]
			}
			return runDiscover(cmd.Context(), a, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.save, "save", "", "add a profile of this name for the provider")
	f.BoolVar(&o.use, "use", false, "with --save: make it the default")
	addProfileFlags(cmd, "kind", "client_id", "redirect_uri", "scopes", "ca_file")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kindNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func runDiscover(ctx context.Context, a *app, o *discoverOptions) error {
	file, err := a.loadConfig()
	if err != nil {
		return err
	}
	if err := o.check(file); err != nil {
		return err
	}
	s, issuers, err := a.discoverySession(o)
	if err != nil {
		return err
	}
	if err := s.kind.Lacking(provider.CallDiscover, s.profile.Issuer); err != nil {
		return err
	}
	view, err := s.discover(ctx, o, issuers)
	if err != nil && o.given != "" {
		return &givenAddressError{err}
	}
	if err != nil {
		return err
	}
	if o.save != "" {
		if err := a.saveDiscovered(ctx, file, o, view); err != nil {
			return err
		}
	}
	return a.answer(ctx, *view)
}

// check refuses what can't be saved before anything is asked.
func (o *discoverOptions) check(file *config.File) error {
	switch {
	case o.save == "" && (o.use || o.cmd.Flags().Changed("client-id")):
		return &usageError{Problem: "--use and --client-id go with --save NAME", Command: "simsid discover"}
	case o.save == "":
		return nil
	case config.BuiltIn(o.save):
		return &usageError{Problem: "profile " + o.save + " is " + aboutBuiltIn(o.save) + ": choose another name", Command: "simsid discover"}
	}
	if err := config.CheckName(o.save); err != nil {
		return err
	}
	if file.Has(o.save) {
		return &hintedError{Code: exitUsage, Text: "there is a profile " + o.save + " already", Hints: []string{"choose another name, or change it: simsid profile edit " + o.save}}
	}
	return nil
}

// discoverySession is what asks: the profile's own session, or one for an address that was given; and the issuers to ask for.
func (a *app) discoverySession(o *discoverOptions) (*session, []string, error) {
	if o.given == "" {
		s, err := a.newSession(selection{cmd: o.cmd})
		if err != nil {
			return nil, nil, err
		}
		return s, []string{s.profile.Issuer}, nil
	}
	values := profileFlagValues(o.cmd)
	p, err := config.Resolve(config.Layers{
		File: &config.File{}, Profile: "discover", Getenv: noEnvironment, Defaults: kindDefaults,
		Flags: values, BuiltIn: map[string][]string{"kind": {"oidc"}},
	})
	if err != nil {
		return nil, nil, err
	}
	kind, ok := provider.LookupKind(p.Kind)
	if !ok {
		return nil, nil, &hintedError{Code: exitUsage, Text: "there is no provider kind " + word.Quote(p.Kind, kindNames()...), Hints: knownKinds(p.Kind)}
	}
	issuers := issuersToAsk(o.given, kind, values["kind"] != nil)
	p.Issuer = issuers[0]
	s := &session{app: a, profile: p, kind: kind}
	err = s.checkTrust()
	return s, issuers, err
}

// issuersToAsk are the issuers that somebody may mean: the address as it was given, and, where it is no more than a host, where the kinds'
// issuers usually lie.
func issuersToAsk(given string, kind provider.Kind, kindSaid bool) []string {
	given = discoveryIssuer(strings.TrimSpace(given))
	issuer := given
	if !strings.Contains(given, "://") {
		issuer = "https://" + given
	}
	issuers := []string{issuer}
	u, err := url.Parse(issuer)
	if err != nil {
		return issuers
	}
	if strings.Trim(u.Path, "/") == "" && u.RawQuery == "" {
		kinds := provider.Kinds()
		if kindSaid {
			kinds = []provider.Kind{kind}
		}
		for _, k := range kinds {
			for _, path := range k.IssuerPaths {
				issuers = append(issuers, strings.TrimSuffix(issuer, "/")+path)
			}
		}
	}
	// Plain http is for this machine alone, and taken only where nobody said https.
	if issuer != given && isLoopbackName(u.Hostname()) {
		for _, i := range slices.Clone(issuers) {
			issuers = append(issuers, "http://"+strings.TrimPrefix(i, "https://"))
		}
	}
	return issuers
}

// discover asks for one issuer after the other. A document at a host that calls itself by another address of the same host leads there.
func (s *session) discover(ctx context.Context, o *discoverOptions, issuers []string) (*render.Discovered, error) {
	if err := s.prepareHTTP(ctx); err != nil {
		return nil, err
	}
	view := &render.Discovered{}
	var first error
	unreachable := map[string]bool{}
	for i := 0; i < len(issuers); i++ {
		issuer := issuers[i]
		if unreachable[origin(issuer)] {
			continue
		}
		d, err := provider.Describe(ctx, s.hc, provider.DiscoverRequest{Kind: s.kind, Issuer: issuer, Pinned: s.profile.PinnedIssuer})
		for _, t := range d.Tried {
			view.Tried = append(view.Tried, render.TriedAddress{Address: t.Address, Problem: t.Err.Error()})
		}
		if err == nil {
			return view, s.describe(ctx, o, d, view)
		}
		if ctx.Err() != nil || len(d.Tried) == 0 && is[*provider.AddressError](err) {
			return nil, err // the address that was given can't be asked at all
		}
		if first == nil {
			first = err
		}
		if busy, ok := errors.AsType[*provider.UnavailableError](err); ok && busy.Status == 0 {
			unreachable[origin(issuer)] = true
		}
		other, ok := errors.AsType[*provider.IssuerError](err)
		if ok && o.given != "" && origin(other.Got) == origin(issuer) && canBeIssuer(other.Got) && !slices.Contains(issuers, other.Got) && len(issuers) < mostIssuers {
			issuers = slices.Insert(issuers, i+1, other.Got)
		}
	}
	return nil, s.nothingFound(first, view.Tried)
}

// mostIssuers bounds where a provider can lead that calls itself by another address each time.
const mostIssuers = 10

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// canBeIssuer reports whether what a document calls itself is an address to ask, and to name in a command. It is anybody's text: what can't be
// an issuer (OpenID Connect Discovery 3) is no usage error of the user's.
func canBeIssuer(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" && isLoopbackName(u.Hostname())) &&
		u.Hostname() != "" && u.User == nil && !strings.ContainsAny(address, "?#")
}

// nothingFound tells all that was tried, and fails by the first reason.
func (s *session) nothingFound(first error, tried []render.TriedAddress) error {
	if len(tried) > 1 {
		for _, t := range tried {
			s.line("tried", "%s: %s", t.Address, t.Problem)
		}
	}
	if other, ok := errors.AsType[*provider.IssuerError](first); ok {
		hint := "that is no address of an issuer: ask the provider's operator"
		if canBeIssuer(other.Got) {
			hint = "if that is the provider you mean: simsid discover " + foreignWord(other.Got)
		}
		return &hintedError{Code: exitFailed, Err: first, Hints: []string{hint}}
	}
	return first
}

// describe turns a document into the answer.
func (s *session) describe(ctx context.Context, o *discoverOptions, d provider.Description, view *render.Discovered) error {
	kind := s.kind
	if o.given != "" && !o.cmd.Flags().Changed("kind") {
		kind, view.Guessed = s.likelyKind(ctx, d), true
	}
	view.Title, view.Kind, view.Issuer, view.Address, view.Place = kind.Title, kind.Name, d.Metadata.Issuer, d.Address, string(d.Place)
	view.Addresses, view.Supports, view.Commands = endpoints(d.Metadata), supports(d.Document), capabilities(kind, d)
	view.Facts, view.Differences, view.Document = len(kind.Facts), provider.Differences(kind, d.Document), d.Document
	p := &provider.Provider{Kind: kind, Metadata: d.Metadata, HTTP: s.hc, Now: s.env.Now, Rand: s.env.Rand, Clock: s.clock}
	set, err := p.Keys(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		view.KeysProblem = err.Error()
	}
	view.Keys, view.Ignored = set.Describe()
	if o.given != "" && o.save == "" {
		trust := ""
		if s.profile.CAFile != "" {
			trust = " --ca-file " + shellWord(s.profile.CAFile)
		}
		view.Next = []string{"simsid discover " + foreignWord(d.Metadata.Issuer) + " --kind " + kind.Name + trust + " --save NAME  # make it a profile"}
	}
	return nil
}

// likelyKind is the kind that has an installation at this issuer, or whose issuers lie at such a path; the emulator's where it says on this
// machine that it is one; else any OpenID provider.
func (s *session) likelyKind(ctx context.Context, d provider.Description) provider.Kind {
	issuer := strings.TrimSuffix(d.Metadata.Issuer, "/")
	u, err := url.Parse(issuer)
	for _, k := range provider.Kinds() {
		at := slices.IndexFunc(k.Environments, func(e provider.Environment) bool { return e.Issuer != "" && e.Issuer == issuer })
		if at >= 0 || err == nil && slices.Contains(k.IssuerPaths, u.Path) {
			return k
		}
	}
	name := "oidc"
	if provider.Emulated(ctx, s.hc, d.Metadata.Issuer) {
		name = "emulator"
	}
	k, _ := provider.LookupKind(name)
	return k
}

// saveDiscovered adds the provider as a profile.
func (a *app) saveDiscovered(ctx context.Context, file *config.File, o *discoverOptions, view *render.Discovered) error {
	values := profileFlagValues(o.cmd)
	values["kind"], values["issuer"] = []string{view.Kind}, []string{view.Issuer}
	kind, _ := provider.LookupKind(view.Kind)
	for _, e := range kind.Environments {
		if known := e.Issuer; known != "" && known == strings.TrimSuffix(view.Issuer, "/") || known == "" && values["environment"] == nil {
			values["environment"] = []string{e.Name}
		}
	}
	if err := config.Add(ctx, file.Path(), o.save, values); err != nil {
		return err
	}
	if o.use {
		if err := config.Use(ctx, file.Path(), o.save); err != nil {
			return err
		}
	}
	view.Saved = o.save
	if values["client_id"] == nil && kind.Embedded == "" { // an emulator knows its client
		view.Next = append(view.Next, "simsid profile edit "+o.save+" --client-id ID  # the id that the provider gave you")
	}
	view.Next = append(view.Next, "simsid login -p "+o.save+"  # sign in")
	return nil
}
