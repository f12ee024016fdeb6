package provider

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// TokensFromBrowser reads the tokens that came through the browser (RFC 6749 section 4.2.2, OpenID Connect Core 3.2.2.5), received
// now. Nothing in them is verified. An access token is there or not, as was asked for; the error is a *ResponseError.
func TokensFromBrowser(values url.Values, received time.Time) (token.Set, error) {
	members := map[string]string{}
	for _, name := range []string{"access_token", "id_token", "token_type", "expires_in", "scope"} {
		members[name] = values.Get(name) // an empty one is as one that is missing
	}
	refuse := func(problem string) (token.Set, error) {
		return token.Set{}, &ResponseError{Operation: "sign in", Host: "the browser", Problem: problem}
	}
	text, _ := json.Marshal(members) //nolint:errchkjson // texts by texts can always be written
	o, err := token.ParseObject(text)
	if err != nil {
		return refuse("an answer that can't be read")
	}
	if values.Get("access_token") == "" {
		id, problem := tokenMember(o, "id_token")
		if problem != "" {
			return refuse(problem)
		}
		return token.Set{ID: id}, nil
	}
	set, problem := readTokens(o, received)
	if problem != "" {
		return refuse(problem)
	}
	return set, nil
}

// ErrorFromBrowser reads an error that came through the browser (RFC 6749 section 4.1.2.1), cut like those of the back channel: whoever
// sends the browser here chooses its length.
func ErrorFromBrowser(values url.Values) *OAuthError {
	a := answer{operation: "sign in"}
	return a.oauthError(values.Get("error"), values.Get("error_description"), values.Get("error_uri"))
}
