package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/scenario"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// The exit codes, which scripts may rely on.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2 // usage or configuration
	exitNo          = 3 // a check was made and the answer is no
	exitLogin       = 4 // a login is needed or was refused
	exitUnavailable = 5 // provider or network: try again
	exitStore       = 6 // the store is unavailable or locked
	exitInterrupted = 130
)

// usageError says that the command line is wrong.
type usageError struct {
	Problem string
	Command string // the command whose help would tell; "" if none
	Hint    string
}

func (e *usageError) Error() string { return e.Problem }

// noError is the answer "no" of a check that was made and has been shown: exit code 3 and no further word.
type noError struct{}

func (noError) Error() string { return "the answer is no" }

// hintedError carries an exit code and hints of a command's own.
type hintedError struct {
	Code  int
	Text  string
	Hints []string
	Err   error
}

func (e *hintedError) Error() string {
	if e.Text != "" {
		return e.Text
	}
	return e.Err.Error()
}
func (e *hintedError) Unwrap() error { return e.Err }

// profileError says for which profile something went wrong, so that hints can be pasted.
type profileError struct {
	Profile string
	Err     error
}

func (e *profileError) Error() string { return e.Err.Error() }
func (e *profileError) Unwrap() error { return e.Err }

// givenAddressError says that the provider's address was given on the command line: no profile holds it.
type givenAddressError struct{ Err error }

func (e *givenAddressError) Error() string { return e.Err.Error() }
func (e *givenAddressError) Unwrap() error { return e.Err }

// failure is what the user is told, and what scripts are.
type failure struct {
	Code   int
	Text   string
	Hints  []string
	Silent bool
}

// explain is the one place that turns an error into an exit code and at most three hints. Foreign text in the error is
// made safe by the writer.
func explain(err error) failure {
	f := failure{Code: exitFailed, Text: err.Error()}
	if errors.As(err, new(closedPipeError)) {
		return failure{Code: exitFailed, Silent: true}
	}
	if errors.As(err, new(noError)) {
		return failure{Code: exitNo, Silent: true}
	}
	if child, ok := errors.AsType[childError](err); ok {
		return failure{Code: int(child), Silent: true}
	}
	p := profileFlag(err)
	for _, rule := range []func(error, string, *failure) bool{explainCommand, explainRules, explainClaim, explainConfig, explainReach, explainStore, explainLogin, explainProvider} {
		if rule(err, p, &f) {
			break
		}
	}
	if p == " -p "+config.EnvProfile {
		f.Text = strings.Replace(f.Text, "profile env ", "profile env (which variables make) ", 1)
	}
	return f
}

// profileFlag names the profile that something went wrong for, as a command takes it: " -p school", or "".
func profileFlag(err error) string {
	if pe, ok := errors.AsType[*profileError](err); ok && pe.Profile != "" {
		return " -p " + pe.Profile
	}
	return ""
}

func explainCommand(err error, _ string, f *failure) bool {
	if e, ok := errors.AsType[*hintedError](err); ok {
		f.Code, f.Hints = e.Code, e.Hints
		return true
	}
	if e, ok := errors.AsType[*usageError](err); ok {
		f.Code = exitUsage
		if e.Hint != "" {
			f.Hints = append(f.Hints, e.Hint)
		}
		if e.Command != "" {
			f.Hints = append(f.Hints, "see "+e.Command+" --help")
		}
		return true
	}
	return false
}

// meantProfile leads the name of the profile that was likely meant. Where the profile is the command's argument, -p isn't said.
const meantProfile = "did you mean: -p "

// positioned says a profile's name as the command takes it.
func (a *app) positioned(f failure) failure {
	for i, h := range f.Hints {
		if name, ok := strings.CutPrefix(h, meantProfile); ok && a.argued {
			f.Hints[i] = "did you mean: " + name
		}
	}
	return f
}

func explainConfig(err error, _ string, f *failure) bool {
	switch {
	case is[*config.FileError](err):
		e, _ := errors.AsType[*config.FileError](err)
		f.Code = exitUsage
		if e.Suggest != "" {
			f.Hints = []string{fmt.Sprintf("did you mean %q?", e.Suggest)}
		}
	case is[*config.UnknownProfileError](err):
		e, _ := errors.AsType[*config.UnknownProfileError](err)
		f.Code = exitUsage
		near := cmp.Or(e.Suggest, word.Nearest(e.Name, config.BuiltInProfiles()))
		switch {
		case near != "":
			f.Hints = append(f.Hints, meantProfile+near)
		case len(e.Known) > 0:
			f.Hints = append(f.Hints, "known profiles: "+strings.Join(slices.Concat(e.Known, config.BuiltInProfiles()), ", "))
		}
		if near == "" {
			f.Hints = append(f.Hints, "see which there are: simsid profile list")
		}
		if e.Name == config.EnvProfile {
			f.Hints = []string{"variables make it, and " + config.EnvProfile + " has none: SIMSID_KIND or SIMSID_ISSUER", "what else it needs: simsid help environment"}
			break
		}
		if name := word.Name(e.Name, e.Known...); name != word.Hidden {
			f.Hints = append(f.Hints, "simsid profile add "+name)
		}
	case is[*config.ValueError](err):
		f.Code = exitUsage
		e, _ := errors.AsType[*config.ValueError](err)
		if meant := e.Meant(); meant != "" {
			f.Hints = []string{"did you mean: " + meant}
		} else if strings.Contains(e.Value, word.Hidden) {
			f.Hints = []string{"what was given isn't repeated, in case it is a secret"}
			if setLine("", e.Key, "") != "" {
				f.Hints = append(f.Hints, "every key with what it can be: simsid help environment")
			}
		}
	case errors.Is(err, config.ErrProfileExists):
		f.Code = exitUsage
	case is[*sims.ExclusiveScopesError](err):
		f.Code = exitUsage
		f.Hints = []string{"ask for one of the two: --scope 'openid profile roles partner …'"}
	case is[*scenario.Error](err):
		e, _ := errors.AsType[*scenario.Error](err)
		f.Code = exitUsage
		if near := word.Nearest(e.Word, e.Known); near != "" {
			f.Hints = []string{fmt.Sprintf("did you mean %q?", near)}
		}
		f.Hints = append(f.Hints, "every key with what it means: simsid emulator init -")
	case is[*emulator.AuthorityError](err):
		f.Hints = []string{"take it away, and simsid emulator --https makes a new one; whoever trusts the old one has to be told"}
	case is[*emulator.UnknownUserError](err):
		e, _ := errors.AsType[*emulator.UnknownUserError](err)
		f.Code = exitUsage
		if near := word.Nearest(e.Login, e.Known); near != "" {
			f.Hints = []string{"did you mean: --as " + near}
		}
	case errors.Is(err, flow.ErrNoOpenID):
		f.Code = exitUsage
		f.Hints = []string{"add it: --scope 'openid profile'"}
	case is[*flow.ParamError](err):
		f.Code = exitUsage
	case is[*provider.AddressError](err):
		e, _ := errors.AsType[*provider.AddressError](err)
		f.Code = exitUsage
		switch e.Problem {
		case "has a query", "has a fragment", "holds credentials":
			f.Hints = []string{"leave that away: https://HOST/PATH"}
		case "can't be read", "names no host":
			f.Hints = []string{"give it as https://HOST/PATH"}
		default:
			f.Hints = []string{"a provider's addresses are https; plain http is for this machine alone"}
		}
	case is[*render.JQError](err):
		f.Code = exitUsage
	default:
		return false
	}
	return true
}

// forgetLogin begins the hint that throws away what can't be opened any more; it is taken out where no login is kept.
const forgetLogin = "simsid logout"

func explainStore(err error, p string, f *failure) bool {
	const choose = "keep the login in a sealed file instead: simsid login%s --store file (with SIMSID_STORE_KEY_FILE, made by simsid store keygen FILE, or a passphrase)"
	const none = "or keep nothing: simsid login%s --store memory"
	switch {
	case is[*tokenstore.ConflictError](err):
		e, _ := errors.AsType[*tokenstore.ConflictError](err)
		f.Code = exitUsage
		f.Hints = []string{"leave --store and SIMSID_STORE away, or sign in anew: simsid login" + p + " --store " + string(e.Wanted)}
	case is[*tokenstore.BindingError](err):
		e, _ := errors.AsType[*tokenstore.BindingError](err)
		f.Code = exitLogin
		f.Hints = waysBack(e.Profile, e.Kept, e.Now)
	case is[*tokenstore.EmergencyError](err):
		f.Code = exitStore
		f.Hints = []string{"the new refresh token is safe there; the next command puts it in its place"}
	case errors.Is(err, tokenstore.ErrAbsent):
		f.Code = exitStore
		if i := strings.Index(f.Text, tokenstore.ErrAbsent.Error()); i > 0 {
			f.Text = f.Text[i:] // what was tried there means nothing to the user
		}
		f.Hints = []string{fmt.Sprintf(choose, p), fmt.Sprintf(none, p)}
	case errors.Is(err, tokenstore.ErrLocked):
		f.Code = exitStore
		f.Hints = []string{"unlock the keyring (sign in to the desktop, or open its password manager) and try again", fmt.Sprintf(choose, p)}
	case errors.Is(err, tokenstore.ErrRefused):
		f.Code = exitStore
		f.Hints = []string{"allow simsid to use the keyring and try again", fmt.Sprintf(choose, p)}
	case errors.Is(err, tokenstore.ErrNeedsIdentity):
		f.Code = exitStore
		f.Hints = []string{
			"set SIMSID_STORE_KEY_FILE to the file that holds the identity, or SIMSID_STORE_KEY to the identity itself (AGE-SECRET-KEY-1…)",
			"or forget this login: simsid logout" + p + " --local",
		}
	case errors.Is(err, tokenstore.ErrNoSealKey):
		f.Code = exitStore
		f.Hints = []string{
			"set SIMSID_STORE_KEY to an age identity (AGE-SECRET-KEY-1…), or SIMSID_STORE_KEY_FILE to a file that holds one",
			"or SIMSID_STORE_PASSPHRASE_FILE to a file with a passphrase; in a terminal simsid asks for it",
		}
	case errors.Is(err, tokenstore.ErrPassphrase):
		f.Code = exitStore
		f.Hints = []string{"give the passphrase that the file was sealed with, in SIMSID_STORE_PASSPHRASE or in a terminal", "forgotten, it can't be had back: " + forgetLogin + p + " --local"}
	case errors.Is(err, tokenstore.ErrSealKey):
		f.Code = exitStore
		f.Hints = []string{"give the key that the file was sealed with", "or forget this login: simsid logout" + p + " --local"}
	case errors.Is(err, tokenstore.ErrNoLogin):
		f.Code = exitLogin
		f.Text = "nobody is signed in" + strings.Replace(p, " -p ", " with profile ", 1)
		f.Hints = []string{"simsid login" + p}
	case errors.Is(err, tokenstore.ErrEnded), errors.Is(err, flow.ErrLoginEnded):
		f.Code = exitLogin
		f.Text = "the login has ended: the provider no longer takes its refresh token"
		f.Hints = []string{"simsid login" + p}
	case is[*tokenstore.PermissionError](err):
		f.Code = exitStore
		e, _ := errors.AsType[*tokenstore.PermissionError](err)
		f.Text = e.Problem
		if e.Path != "" {
			f.Text = e.Path + ": " + e.Problem
		}
		if e.Mend != "" {
			f.Hints = []string{e.Mend}
		}
	case is[*tokenstore.DamagedError](err):
		f.Code = exitStore
		f.Hints = []string{"sign in again: simsid login" + p}
	case errors.Is(err, tokenstore.ErrLater):
		f.Code = exitStore
		f.Hints = []string{"use the newer simsid that wrote it"}
	case errors.Is(err, tokenstore.ErrBadKey):
		f.Code = exitUsage
		f.Hints = []string{"simsid store keygen makes one; or use a passphrase: SIMSID_STORE_PASSPHRASE"}
	case is[*tokenstore.Error](err):
		f.Code = exitStore
	default:
		return false
	}
	return true
}

func explainLogin(err error, p string, f *failure) bool {
	switch {
	case errors.Is(err, flow.ErrNoRefreshToken):
		f.Code = exitLogin
		f.Hints = []string{"simsid login" + p, "to get a refresh token, ask for the scope offline_access"}
	case is[*flow.PortError](err) && errors.Is(err, fs.ErrPermission):
		f.Code = exitFailed
		f.Hints = []string{"ports below 1024 are the system's: have a redirect URI registered with one above", "or listen on another port, where something brings the answer there: --listen 127.0.0.1:8400"}
	case is[*flow.PortError](err):
		e, _ := errors.AsType[*flow.PortError](err)
		f.Code = exitFailed
		f.Hints = []string{
			"another simsid login, or the sample web application, may be running there: end it and try again",
			"to see which program listens: " + whoListens(e.Address),
		}
	case is[*flow.TimeoutError](err):
		e, _ := errors.AsType[*flow.TimeoutError](err)
		f.Code = exitLogin
		f.Hints = quietCauses(e.RedirectURI, p, false)
		if e.RedirectURI == "" {
			f.Hints = []string{"give it longer with --timeout; without it the wait lasts as long as the code is good"}
		}
	case is[*provider.SubjectError](err):
		f.Code = exitNo
		f.Hints = []string{"the answer was not used (OpenID Connect Core 5.3.2); sign in again: simsid login" + p}
	case is[*flow.AnswerError](err):
		f.Code = exitNo
		f.Hints = []string{"the code of this answer was not used; sign in again, and check the issuer if it comes back: simsid profile show" + strings.Replace(p, " -p ", " ", 1)}
	case is[*flow.HintError](err):
		f.Code = exitNo
		f.Hints = []string{
			"the browser is signed in as somebody else; nothing was kept, and the login that was is as it was",
			"for another user: leave --id-token-hint away",
		}
	case is[*provider.VerificationError](err):
		f.Code = exitNo
		f.Hints = []string{"nothing of this answer was kept; see the exchange: add --trace"}
	default:
		return false
	}
	return true
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// quietCauses names what makes a login hear nothing, likeliest first.
func quietCauses(redirectURI, p string, terminal bool) []string {
	paste := "a browser on another machine can't come back here: sign in from a terminal, where the address that it ends at can be pasted"
	if terminal {
		paste = "a browser on another machine can't come back here: paste the address that it ends at into this terminal"
	}
	return []string{
		"register exactly this redirect URI with the provider, port and trailing slash included: " + redirectURI,
		"an error page in the browser means that the provider refused the request: check client id, scopes and flow (simsid doctor" + p + ")",
		paste,
	}
}
