package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/tokenstore"
)

// signedOut is the state of a profile that nothing is on record of.
const signedOut = "signed out"

func newStatusCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Who is signed in, per profile; asks nobody",
		Long: `Shows each profile with its login: who, at which organisation, until when, and
where the tokens are kept. It reads only what is on record, and what the
environment gives to begin with: no network, no keyring.`,
		Example: `  simsid status
  simsid status -p school -o json`,
		GroupID: groupLogin,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStatus(cmd.Context(), a)
		},
	}
}

func runStatus(ctx context.Context, a *app) error {
	v, err := a.status()
	if err != nil {
		return err
	}
	a.addUnkept(&v)
	if name := a.global.profile; name != "" {
		v.Rows = slices.DeleteFunc(v.Rows, func(r render.StatusRow) bool { return r.Profile != name })
		if len(v.Rows) == 0 && config.BuiltIn(name) {
			return &profileError{Profile: name, Err: tokenstore.ErrNoLogin}
		}
		if len(v.Rows) == 0 {
			return a.unknownProfile(name)
		}
	}
	return a.answer(ctx, v)
}

// addUnkept adds the chosen profile where the next command gets a token though none is on record: each command gets one for the client itself, or
// the environment gives a refresh token to begin with.
func (a *app) addUnkept(v *render.Status) {
	s, err := a.resolveSession(selection{cmd: &cobra.Command{}})
	if err != nil {
		return
	}
	row := render.StatusRow{Profile: s.profile.Name, Default: s.file.Default() == s.profile.Name, Kind: s.profile.Kind, Issuer: s.profile.Issuer, Store: s.profile.Store}
	switch {
	case s.forOneCommand():
		row.State = signedOut
		row.Why = "no token is kept: each command gets one for the client itself (flow " + s.profile.Flow + ", store memory)"
		row.Next = []string{"see one: simsid token -p " + s.profile.Name + " | simsid decode"}
	case s.beginsAnew():
		row.State = "not used yet"
		row.Why = "the refresh token in " + refreshTokenVariable + " is not used yet"
		row.Next = []string{"use it: simsid token -p " + s.profile.Name}
	default:
		return
	}
	at := slices.IndexFunc(v.Rows, func(r render.StatusRow) bool { return r.Profile == s.profile.Name })
	switch {
	case at < 0:
		v.Rows = append(v.Rows, row)
	case v.Rows[at].State == signedOut, v.Rows[at].State == "ended" && !s.forOneCommand():
		v.Rows[at] = row
	}
}

// unknownProfile says that nothing goes by that name.
func (a *app) unknownProfile(name string) error {
	file, err := a.loadConfig()
	if err != nil {
		return err
	}
	_, err = config.Resolve(config.Layers{File: file, Profile: name, Getenv: noEnvironment, Defaults: kindDefaults})
	return err
}

// noEnvironment is for what is asked of the file alone.
func noEnvironment(string) string { return "" }

// status joins the profiles of the configuration with the logins on record.
func (a *app) status() (render.Status, error) {
	var v render.Status
	file, err := a.loadConfig()
	if err != nil {
		return v, err
	}
	o, err := a.storeOptions()
	if err != nil {
		return v, err
	}
	records, err := tokenstore.Records(o)
	if err != nil {
		return v, err
	}
	names := file.Names()
	for name := range records {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.SortStableFunc(names[len(file.Names()):], strings.Compare)
	for _, name := range names {
		r, signedIn := records[name]
		r.Ended = r.Ended || tokenstore.LoginGone(o, name, r)
		v.Rows = append(v.Rows, a.statusRow(file, name, r, signedIn))
	}
	return v, nil
}

func (a *app) statusRow(file *config.File, name string, r tokenstore.Record, onRecord bool) render.StatusRow {
	row := render.StatusRow{Profile: name, Default: file.Default() == name, State: signedOut}
	getenv := noEnvironment
	if name == config.EnvProfile {
		getenv = a.env.Getenv // all there is of it
	}
	p, err := config.Resolve(a.layers(file, name, nil, getenv))
	if err == nil {
		row.Kind, row.Issuer = p.Kind, p.Issuer
	}
	if !onRecord {
		return row
	}
	if row.Issuer == "" {
		row.Issuer = r.Issuer
	}
	switch {
	case r.SignedInAt.IsZero():
		return row
	case err == nil && !withheldFrom(p).Same(r.Binding(name)):
		row.State, row.Store = "withheld", string(r.Backend)
		row.Why = (&tokenstore.BindingError{Profile: name, Kept: r.Binding(name), Now: withheldFrom(p)}).Error()
		row.Next = waysBack(name, r.Binding(name), withheldFrom(p))
		return row
	case r.Unproven && r.Ended:
		row.State, row.Store = "ended", string(r.Backend)
		row.Why = "no tokens came of the refresh token that it was to begin with: nobody signed in"
		row.Next = []string{"put another one into " + refreshTokenVariable + ", or sign in: simsid login -p " + name}
		return row
	case r.Unproven:
		row.State, row.Store = "not used yet", string(r.Backend)
		if !r.Unsent {
			row.State = "no answer yet"
		}
		row.Why = "the refresh token that it begins with is " + unprovenWords(r)
		row.Next = []string{"use it: simsid token -p " + name}
		return row
	}
	row.Store = string(r.Backend)
	row.Subject, row.Name, row.Organisation = r.Subject, r.Name, r.Organisation
	for _, raw := range r.Organisations {
		row.Memberships = append(row.Memberships, sims.ParseMembership(raw))
	}
	row.Expiry, row.SignedInAt = r.Expiry, r.SignedInAt
	row.RefreshEnds = refreshEnds(p, r)
	over := !row.RefreshEnds.IsZero() && !a.env.Now().Before(row.RefreshEnds)
	expired := !r.Expiry.IsZero() && !a.env.Now().Before(r.Expiry)
	switch {
	case r.Ended:
		row.State = "ended"
	case expired && (r.Refreshable && !over || r.Own && a.clientCanAsk(p, r)):
		row.State = "expired, can refresh"
	case expired:
		row.State = "expired"
	default:
		row.State = "signed in"
	}
	return row
}

// clientCanAsk reports whether what a client authenticates with is at hand, without opening anything.
func (a *app) clientCanAsk(p config.Profile, r tokenstore.Record) bool {
	return a.env.Getenv(clientSecretVariable) != "" || p.ClientKey != "" || slices.Contains(r.Secrets, tokenstore.ClientSecret) || slices.Contains(r.Secrets, tokenstore.ClientKey)
}

// refreshEnds is when the refresh token of a login ends, where the profile knows how long it lives; zero where it doesn't.
func refreshEnds(p config.Profile, r tokenstore.Record) time.Time {
	lives, err := config.Minutes(p.RefreshLifetime)
	if err != nil || !r.Refreshable {
		return time.Time{}
	}
	since := r.RefreshSince
	if since.IsZero() {
		since = r.SignedInAt
	}
	return since.Add(lives)
}
