package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/tokenstore"
)

// runLogoutAll signs out of every profile that has anything on record. One that fails is told at once and doesn't keep the
// others from being signed out; the exit code is the first one's.
func runLogoutAll(ctx context.Context, a *app, o *logoutOptions) error {
	if a.global.profile != "" || len(profileFlagValues(o.cmd)) > 0 {
		return &usageError{Problem: "--all is for every profile as it is on record: leave -p and the flags of a profile away", Command: "simsid logout"}
	}
	opts, err := a.storeOptions()
	if err != nil {
		return err
	}
	names, err := tokenstore.Profiles(opts)
	if err != nil {
		return err
	}
	var view render.LoggedOutAll
	failed, code := 0, 0
	for _, name := range names {
		out, err := a.logoutOne(ctx, name, o)
		if err == nil {
			view.Profiles = append(view.Profiles, out)
			continue
		}
		if errors.Is(err, tokenstore.ErrNoLogin) {
			continue // nobody to sign out
		}
		if ctx.Err() != nil {
			return err
		}
		f := explain(&profileError{Profile: name, Err: err})
		a.line("error", "profile %s: %s", name, f.Text)
		for _, h := range f.Hints {
			a.line("hint", "%s", h)
		}
		if failed++; code == 0 {
			code = f.Code
		}
	}
	if len(view.Profiles) > 0 || failed == 0 || a.json() {
		if err := a.answer(ctx, view); err != nil {
			return err
		}
	}
	if failed > 0 {
		return &hintedError{Code: code, Text: fmt.Sprintf("%d of %d profiles could not be signed out", failed, len(names))}
	}
	return nil
}

// logoutOne signs out of one profile. One that is on record but not configured any more is what its login was made
// with; where that isn't known it can only be forgotten here.
func (a *app) logoutOne(ctx context.Context, name string, o *logoutOptions) (render.LoggedOut, error) {
	file, err := a.loadConfig()
	if err != nil {
		return render.LoggedOut{}, err
	}
	if !config.BuiltIn(name) && !slices.Contains(file.Names(), name) && !o.local && a.recorded(name) == nil {
		if a.nobodyOnRecord(name) {
			return render.LoggedOut{}, tokenstore.ErrNoLogin
		}
		return render.LoggedOut{}, &hintedError{Code: exitUsage, Text: "it is on record, but not configured any more",
			Hints: []string{"forget it here: simsid profile remove " + name + " --force"}}
	}
	if o.local {
		s := &session{app: a, file: file}
		s.profile.Name = name
		return s.logout(ctx, o)
	}
	s, err := a.newSession(selection{cmd: o.cmd, name: name, recorded: true})
	if err != nil {
		return render.LoggedOut{}, err
	}
	return s.logout(ctx, o)
}
