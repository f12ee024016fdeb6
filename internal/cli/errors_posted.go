package cli

import (
	"errors"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// notTaken says of a posted token whose exchange failed that nothing was kept, and where the next login begins: the token is gone with it.
func (s *session) notTaken(err error, origin string) error {
	f := explain(&profileError{Profile: s.profile.Name, Err: errors.Unwrap(err)})
	e := &hintedError{Code: f.Code, Err: err}
	refused, _ := errors.AsType[*provider.OAuthError](err)
	silent, _ := errors.AsType[*provider.UnavailableError](err)
	switch {
	case refused != nil && refused.Code == "invalid_grant":
		e.Code = exitLogin
		e.Hints = s.beginAgain("the refresh token has expired, or isn't this client's")
		if told := s.foreignOrigin(origin); told != "" {
			e.Hints = s.beginAgain(told + ": it may be no token of " + s.kind.Title + " at all")
		}
		return e
	case f.Code == exitUsage:
		e.Hints = f.Hints[:min(len(f.Hints), 2)]
	case silent != nil:
		e.Hints = connectionHints(silent, " -p "+s.profile.Name, checkAddress(err, " -p "+s.profile.Name))
		e.Hints = e.Hints[:min(len(e.Hints), 2)]
		if len(e.Hints) == 0 {
			e.Hints = append(delayHints(silent), "nothing was kept, and the refresh token that was posted may be used up")
		}
	case is[*provider.ResponseError](err):
		e.Hints = f.Hints
	default:
		e.Hints = []string{"nothing was kept, and the refresh token that was posted may be used up"}
	}
	e.Hints = append(e.Hints, s.beginAgain("")...)
	return e
}

// postedEnd tells how a login that begins at the provider went wrong.
func (s *session) postedEnd(err error) error {
	if failed, ok := errors.AsType[*flow.PostedError](err); ok {
		return s.notTaken(failed, failed.Origin)
	}
	if late, ok := errors.AsType[*flow.TimeoutError](err); ok {
		return &hintedError{Code: exitLogin, Err: err, Hints: s.quietPosted(late.RedirectURI)}
	}
	return err
}

// delayHints are for a provider that takes its time.
func delayHints(e *provider.UnavailableError) []string {
	switch {
	case e.Timeout():
		return []string{"give it longer with --timeout"}
	case e.RetryAfter > 0:
		return []string{"the provider asks to wait " + render.Duration(e.RetryAfter) + " before the next try"}
	}
	return nil
}
