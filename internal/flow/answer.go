package flow

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/token"
)

// maxAnswer is the longest answer in bytes. Two tokens with all a user's organisations are 20 KiB or so.
const maxAnswer = 64 << 10

// maxQuery is the longest answer in the query of an address, where only a code is awaited. Providers' codes are at most 2
// KiB or so.
const maxQuery = 16 << 10

// answerParams are the parameters of an answer (RFC 6749 sections 4.1.2, 4.1.2.1 and 4.2.2, OpenID Connect Core 3.2.2.5,
// RFC 9207 section 2, OpenID Connect Session Management 2). Others are ignored, as RFC 6749 asks for.
func answerParams() []string {
	return []string{
		"state", "code", "error", "error_description", "error_uri", "iss", "id_token", "access_token", "token_type",
		"expires_in", "scope", "session_state",
	}
}

// The ways in which a provider can be told to answer (OAuth 2.0 Multiple Response Types 2.1, Form Post Response Mode).
const (
	ModeQuery    = "query"
	ModeFragment = "fragment"
	ModeFormPost = "form_post"
)

// answer is what the provider said through the browser: a code, tokens, or a failure.
type answer struct {
	code    token.Secret
	tokens  url.Values // id_token, and access_token with what describes it, as far as they were asked for; nil for none
	failure *provider.OAuthError
	issuer  string // "" when it names none
	via     string // viaBrowser or viaPaste
	mode    string // how it came; "" for a pasted one
	raw     token.Secret
	posted  token.Secret // a refresh token, and
	origin  string       // whose page posted it, by the browser's word; of modePosted alone
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
	refusedNothing   refusal = "it has neither what was asked for nor an error"
	refusedBoth      refusal = "it has both what was asked for and an error"
	refusedWay       refusal = "it came by another way than was asked for"
	refusedDouble    refusal = "its address holds an answer beside the one in its body"
)

// expected is what counts as the answer of one login.
type expected struct {
	state token.Secret
	mode  string // how a success comes: ModeQuery, ModeFragment, ModeFormPost or modePosted
	parts parts
	asks  bool // the user is asked in the terminal before it is known how the login went
}

// parts are what a success brings, by the response type.
type parts struct{ code, idToken, accessToken bool }

// partsOf reads a response type (OAuth 2.0 Multiple Response Types 3 and 5).
func partsOf(responseType string) (parts, bool) {
	var p parts
	for word := range strings.FieldsSeq(responseType) {
		to := map[string]*bool{"code": &p.code, "id_token": &p.idToken, "token": &p.accessToken}[word]
		if to == nil || *to {
			return parts{}, false
		}
		*to = true
	}
	return p, p != parts{}
}

// names are the parameters that a success must have.
func (p parts) names() []string {
	var names []string
	for _, part := range []struct {
		name  string
		there bool
	}{{"code", p.code}, {"id_token", p.idToken}, {"access_token", p.accessToken}} {
		if part.there {
			names = append(names, part.name)
		}
	}
	return names
}

// tokens are the parameters of the tokens that were asked for. What wasn't is left where it is: nobody has checked that it can be.
func (p parts) tokens(values url.Values) url.Values {
	var names []string
	if p.idToken {
		names = append(names, "id_token")
	}
	if p.accessToken {
		names = append(names, "access_token", "token_type", "expires_in", "scope")
	}
	var tokens url.Values
	for _, name := range names {
		if v := values.Get(name); v != "" {
			if tokens == nil {
				tokens = url.Values{}
			}
			tokens.Set(name, v)
		}
	}
	return tokens
}

// parse reads the parameters of an answer. Everything but one well-formed answer with this login's state is refused, errors
// included: anybody who can make a browser visit the listener could otherwise end the login.
func (e expected) parse(raw string) (answer, refusal) {
	if len(raw) > maxAnswer {
		return answer{}, refusedLong
	}
	values := parseForm(raw)
	if values.Get("state") == "" {
		return answer{}, refusedNoState
	}
	if !token.NewSecret(values.Get("state")).Equal(e.state) {
		return answer{}, refusedState
	}
	// RFC 6749 section 3.1: parameters must not be included more than once. Of two codes nobody can tell whose is first.
	for _, name := range answerParams() {
		if len(values[name]) > 1 {
			return answer{}, refusedRepeated
		}
	}
	a := answer{issuer: values.Get("iss"), raw: token.NewSecret(wellFormed(raw, values))}
	missing := slices.ContainsFunc(e.parts.names(), func(name string) bool { return values.Get(name) == "" })
	some := slices.ContainsFunc([]string{"code", "id_token", "access_token"}, func(name string) bool { return values.Get(name) != "" })
	if values.Get("error") != "" {
		if some {
			return answer{}, refusedBoth
		}
		a.failure = provider.ErrorFromBrowser(values)
		return a, ""
	}
	if missing {
		return answer{}, refusedNothing
	}
	if e.parts.code {
		a.code = token.NewSecret(values.Get("code"))
	}
	a.tokens = e.parts.tokens(values)
	return a, ""
}

// parseBy is parse for an answer that came by the browser in one of the modes. A success has to come as it was asked for: a
// page that leads the browser here can choose the way, the provider can't. Errors may come by any: IdentityServer3 puts
// some into the fragment whatever the mode, since it finds them before it has read the mode.
func (e expected) parseBy(mode, raw string) (answer, refusal) {
	if mode == ModeQuery && len(raw) > maxQuery {
		return answer{}, refusedLong
	}
	a, why := e.parse(raw)
	if why == "" && a.failure == nil && mode != e.mode {
		return answer{}, refusedWay
	}
	a.via, a.mode = viaBrowser, mode
	return a, why
}

// checkIssuer holds the answer against the issuer that was asked (RFC 9207 section 2.4): what names an issuer must name
// this one, and where the provider promises the name a missing one is a refusal. Errors are held to it as well. An ID token beside
// the code names the issuer as well, and is verified before the code is used: providers such as oidc-provider, which promise the parameter,
// leave it out there, since the token does the same against mix-up (RFC 9700 section 4.4.2.1).
func (a answer) checkIssuer(m provider.Metadata) error {
	if a.issuer == m.Issuer || a.issuer == "" && (!m.IssParameter || a.tokens.Has("id_token")) {
		return nil
	}
	return &AnswerError{Expected: m.Issuer, Got: a.issuer}
}

// parseForm reads parameters as browsers and most servers do (URL Standard section 5.1): only "&" stands between them, a "%" that
// encodes nothing stands for itself, and so does a ";". net/url refuses both, although providers send them in an error_description,
// and whoever waits for a stricter answer waits in vain.
func parseForm(raw string) url.Values {
	values := url.Values{}
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		name = decodeForm(name)
		values[name] = append(values[name], decodeForm(value))
	}
	return values
}

// decodeForm takes the encoding off a name or a value.
func decodeForm(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '+' {
			c = ' '
		}
		if c == '%' && i+2 < len(text) {
			if n, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				c, i = byte(n), i+2
			}
		}
		b.WriteByte(c)
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

// wellFormed is raw where net/url can read it, and else the same parameters encoded anew: for whoever reads them after this.
func wellFormed(raw string, values url.Values) string {
	if _, err := url.ParseQuery(raw); err == nil {
		return raw
	}
	return values.Encode()
}

// isAnswerParam reports whether name belongs to an answer.
func isAnswerParam(name string) bool { return slices.Contains(answerParams(), name) }

// holdsAnswer reports whether the query of an address has something of an answer in it, beside what the redirect URI itself may have
// there.
func holdsAnswer(query string) bool {
	for name := range parseForm(query) {
		if isAnswerParam(name) {
			return true
		}
	}
	return false
}
