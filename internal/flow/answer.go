package flow

import (
	"net/url"
	"slices"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// maxAnswer is the longest query in bytes that is read as an answer. Providers' codes are at most 2 KiB or so.
const maxAnswer = 16 << 10

// answerParams are the parameters of an answer (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2). Others are
// ignored, as section 4.1.2 asks for.
func answerParams() []string {
	return []string{"state", "code", "error", "error_description", "error_uri", "iss"}
}

// answer is what the provider said through the browser: a code or a failure.
type answer struct {
	code    token.Secret
	failure *provider.OAuthError
	issuer  string // "" when it names none
	via     string // viaBrowser or viaPaste
}

const (
	viaBrowser = "browser"
	viaPaste   = "paste"
)

// refusal is why something isn't the awaited answer: fixed text that may be shown to anybody. "" is none.
type refusal string

const (
	refusedLong      refusal = "it is too long"
	refusedMalformed refusal = "its parameters are malformed"
	refusedNoState   refusal = "it has no state"
	refusedState     refusal = "its state isn't the one of this login"
	refusedRepeated  refusal = "it has a parameter twice"
	refusedNothing   refusal = "it has neither a code nor an error"
	refusedBoth      refusal = "it has both a code and an error"
)

// parseAnswer reads the query of a redirected URL. Everything but one well-formed answer with this login's state is
// refused, errors included: anybody who can make a browser visit the listener could otherwise end the login.
func parseAnswer(query string, state token.Secret) (answer, refusal) {
	if len(query) > maxAnswer {
		return answer{}, refusedLong
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return answer{}, refusedMalformed
	}
	if values.Get("state") == "" {
		return answer{}, refusedNoState
	}
	if !token.NewSecret(values.Get("state")).Equal(state) {
		return answer{}, refusedState
	}
	// RFC 6749 section 3.1: parameters must not be included more than once. Of two codes nobody can tell whose is first.
	for _, name := range answerParams() {
		if len(values[name]) > 1 {
			return answer{}, refusedRepeated
		}
	}
	a := answer{code: token.NewSecret(values.Get("code")), issuer: values.Get("iss")}
	if values.Get("error") != "" {
		a.failure = &provider.OAuthError{
			Operation:   "sign in",
			Code:        values.Get("error"),
			Description: values.Get("error_description"),
			URI:         values.Get("error_uri"),
		}
	}
	switch {
	case a.code.IsZero() && a.failure == nil:
		return answer{}, refusedNothing
	case !a.code.IsZero() && a.failure != nil:
		return answer{}, refusedBoth
	}
	return a, ""
}

// checkIssuer holds the answer against the issuer that was asked (RFC 9207 section 2.4): what names an issuer must name
// this one, and where the provider promises the name a missing one is a refusal. Errors are held to it as well.
func (a answer) checkIssuer(m provider.Metadata) error {
	if a.issuer == m.Issuer || a.issuer == "" && !m.IssParameter {
		return nil
	}
	return &AnswerError{Expected: m.Issuer, Got: a.issuer}
}

// isAnswerParam reports whether name belongs to an answer.
func isAnswerParam(name string) bool { return slices.Contains(answerParams(), name) }
