package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// reusable is the value of refresh_usage for a provider that takes one refresh token again and again.
const reusable = "reusable"

// seed is the refresh token that the environment gives a login to begin with. The emulator's own client has none: a variable that is
// exported for a real provider isn't meant for it.
func (s *session) seed() token.Secret {
	return token.NewSecret(strings.TrimSpace(withoutMark(s.secretVariable(refreshTokenVariable))))
}

// beginsAnew reports whether the next command would begin a login with the refresh token from the environment.
func (s *session) beginsAnew() bool {
	if s.seed().IsZero() {
		return false
	}
	o, err := s.storeOptions()
	if err != nil {
		return false
	}
	r, recorded, err := tokenstore.ReadRecord(o, s.profile.Name)
	return err != nil || !recorded || !r.BeganWith(s.seed()) || !r.Binding(s.profile.Name).Same(s.binding())
}

// openSeeded opens the store where a login that began with this refresh token lies, and begins it where there is none yet. A provider may
// take the token once: it isn't sent anywhere before there is a place for the one that comes back, unless the profile says that it can
// be used again.
func (s *session) openSeeded(ctx context.Context, refresh token.Secret) (*tokenstore.Store, error) {
	if _, err := refreshTokenOf(refreshTokenVariable, refresh.Reveal()); err != nil {
		return nil, err
	}
	o, err := s.storeOptions()
	if err != nil {
		return nil, err
	}
	_, recorded, _ := tokenstore.ReadRecord(o, s.profile.Name) // one that can't be read is the store's to tell
	if !s.beginsAnew() {
		return s.openKept(ctx)
	}
	if s.keepsNothing(recorded) {
		s.keep, err = tokenstore.Choose(ctx, o, s.binding(), tokenstore.Memory, "")
	} else {
		s.keep, err = s.chooseStore(ctx)
	}
	if err := s.placeForSeed(refreshTokenVariable, s.keep, err); err != nil {
		s.keep = nil
		return nil, err
	}
	err = s.keep.Seed(ctx, refresh)
	switch {
	case is[*tokenstore.EmergencyError](err):
		s.line("warning", "%v", err)
		return s.keep, nil
	case errors.Is(err, tokenstore.ErrOtherLogin):
		s.keep = nil
		return nil, s.otherLogin()
	case err != nil:
		s.keep = nil
		return nil, err
	}
	return s.keep, nil
}

// otherLogin says that the variable and the store disagree about whose login it is, and how to go on with either.
func (s *session) otherLogin() error {
	return &hintedError{Code: exitUsage, Err: tokenstore.ErrOtherLogin,
		Text: refreshTokenVariable + " is another login than the one that profile " + s.profile.Name + " is signed in with: neither is used, since one may be another user's",
		Hints: []string{
			"to go on with the login that is kept: leave " + refreshTokenVariable + " away, or put its old value back",
			"to put the new one in its place (it is tried first): simsid login -p " + s.profile.Name + " --with-refresh-token",
		}}
}

// refreshSeeded is flow.Refresh, which for a login that is nothing but a refresh token from outside so far has it on record beforehand that the
// token may be spent by now; and afterwards that it isn't, where that is certain.
func refreshSeeded(ctx context.Context, store *tokenstore.Store, r flow.RefreshRequest) (*flow.RefreshResult, error) {
	discover := r.Provider
	r.Provider = func(ctx context.Context) (*provider.Provider, error) {
		p, err := discover(ctx)
		if err != nil {
			return nil, err
		}
		return p, store.Sending()
	}
	if !store.Record().Unsent {
		return flow.Refresh(ctx, r)
	}
	unlock, err := store.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	r.Keeper = heldKeeper{store}
	res, err := flow.Refresh(ctx, r)
	if neverRedeemed(err) {
		_ = store.NotSent() // it then counts as sent, which costs a hint at most
	}
	return res, err
}

// heldKeeper is a store whose lock is held already, and for longer than one refresh.
type heldKeeper struct{ *tokenstore.Store }

// Lock has nothing to take.
func (heldKeeper) Lock(context.Context) (func(), error) { return func() {}, nil }

// neverRedeemed reports whether a refresh went wrong before the provider could have looked at the token: the request never left, or the
// client wasn't let in (RFC 6749 section 5.2: a client is authenticated before its grant is looked at).
func neverRedeemed(err error) bool {
	if u, ok := errors.AsType[*provider.UnavailableError](err); ok {
		return !u.Sent && u.Status == 0
	}
	e, ok := errors.AsType[*provider.OAuthError](err)
	return ok && (e.Code == "invalid_client" || e.Code == "unauthorized_client")
}

// unproven says that there are no tokens yet, of a login that is nothing but a refresh token from outside.
func (s *session) unproven(r tokenstore.Record) error {
	return &hintedError{Code: exitLogin, Text: "nobody is signed in with profile " + s.profile.Name + " yet: the refresh token that it begins with is " + unprovenWords(r),
		Hints: []string{"use it: simsid token -p " + s.profile.Name}}
}

// unprovenWords says how far a refresh token from outside has come, of which nothing came yet.
func unprovenWords(r tokenstore.Record) string {
	if r.Unsent {
		return "not used yet"
	}
	return "sent, but no tokens came of it yet"
}

// keepsNothing reports whether a login from the environment needs no store: its refresh token can be used again, nothing is on record, and
// nobody has said where to keep it.
func (s *session) keepsNothing(recorded bool) bool {
	return s.profile.RefreshUsage == reusable && !recorded && s.profile.Origins["store"].Source == config.FromKind
}

// placeForSeed refuses a refresh token from outside that a provider may take once, where the one that comes back would be lost: st is the store that was
// chosen for it, or err says why there is none.
func (s *session) placeForSeed(source string, st *tokenstore.Store, err error) error {
	once := s.profile.RefreshUsage != reusable
	switch {
	case once && (errors.Is(err, tokenstore.ErrAbsent) || errors.Is(err, tokenstore.ErrNoSealKey)):
		return noPlaceForSeed(source, err.Error(), err)
	case err == nil && once && st.Backend() == tokenstore.Memory:
		return noPlaceForSeed(source, "the memory store keeps nothing", nil)
	}
	return err
}

// keepingPlace is how a job gets a store that lasts.
const keepingPlace = "in a folder that the job keeps, with SIMSID_STORE_KEY from a secret: export SIMSID_STORE=file SIMSID_STATE_DIR=FOLDER"

// noPlaceForSeed says why a refresh token from outside isn't used.
func noPlaceForSeed(source, why string, err error) error {
	return &hintedError{Code: exitStore, Err: err, Text: source + " was not used: the provider may take it once, and there is no place for the one that comes back (" + why + ")",
		Hints: []string{
			"give it one, " + keepingPlace,
			"or say that the provider takes it again and again: export SIMSID_REFRESH_USAGE=" + reusable,
		}}
}

// describeSeeded puts on record who is signed in, as soon as a refresh of a login that began with a refresh token tells.
func (s *session) describeSeeded(ctx context.Context, store *tokenstore.Store, res *flow.RefreshResult) {
	if r := store.Record(); res.Verification == nil || r.Subject != "" {
		return
	}
	sum := summarise(s.kind, res.Verification.Claims.Object, accessClaims(res.Set.Access))
	sum.Settings = s.settings()
	if err := store.Describe(context.WithoutCancel(ctx), sum); err != nil {
		s.note("status doesn't know yet who is signed in: %v", err) // the login itself is kept
	}
}

// warnLost says that a refresh token which was called reusable has been replaced, where nothing is kept.
func (s *session) warnLost(store *tokenstore.Store, began, now token.Secret) {
	if store.Backend() != tokenstore.Memory || began.IsZero() || now.Equal(began) {
		return
	}
	spent := "the one that was given"
	if began.Equal(s.seed()) {
		spent = refreshTokenVariable
	}
	s.line("warning", "the provider gave a new refresh token, which is kept nowhere: %s may be spent, whatever refresh_usage says", spent)
	s.line("hint", "%s", s.typedHint("give it a place, "+keepingPlace))
}

// seeded changes the way on from a login that isn't there, or has ended, to that of a job, which can't sign in.
func (a *app) seeded(err error, f failure) failure {
	if f.Code == exitLogin && errors.Is(err, tokenstore.ErrNoLogin) && a.seedUsedUp(err) {
		f.Hints = append(f.Hints, "the refresh token in "+refreshTokenVariable+" has been used up: a login that began with it was ended here; put a new one there")
		return f
	}
	if f.Code != exitLogin || !a.alone() {
		return f
	}
	ended := errors.Is(err, tokenstore.ErrEnded) || errors.Is(err, flow.ErrLoginEnded)
	switch {
	case ended && a.env.Getenv(refreshTokenVariable) != "":
		f.Hints = []string{"put a new one into " + refreshTokenVariable + ": the login that began with it has ended"}
	case errors.Is(err, tokenstore.ErrNoLogin) && !is[*hintedError](err):
		f.Hints = append(f.Hints, "a job without a user begins with a refresh token in "+refreshTokenVariable+": see simsid help environment")
	}
	return f
}

// seedUsedUp reports whether the variable holds a refresh token that an earlier login of the profile began with.
func (a *app) seedUsedUp(err error) bool {
	pe, ok := errors.AsType[*profileError](err)
	if !ok || config.BuiltIn(pe.Profile) {
		return false
	}
	o, oerr := a.storeOptions()
	if oerr != nil {
		return false
	}
	r, recorded, rerr := tokenstore.ReadRecord(o, pe.Profile)
	return rerr == nil && recorded && r.BeganWith(token.NewSecret(strings.TrimSpace(withoutMark(a.env.Getenv(refreshTokenVariable)))))
}
