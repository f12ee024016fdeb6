package token

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// MaxText is the longest text in bytes that Find looks at.
const MaxText = 4 << 20

// Found is a token that was found in a text.
type Found struct {
	Name  string // what it was called there: "access_token"; "" for a bare one
	Value Secret
	Place Place
}

// Place says in what a token was found.
type Place string

// The places.
const (
	PlaceBare   Place = "bare"
	PlaceHeader Place = "header" // of HTTP
	PlaceURL    Place = "url"    // query or fragment
	PlaceForm   Place = "form"   // a request's body
	PlaceJSON   Place = "json"   // a token response
)

// Find takes tokens out of what people copy them from: a bare token, in quotes or wrapped over lines; an Authorization header (RFC 6750
// section 2.1), alone or among others; an address with tokens in its query or fragment; a form; a token response in JSON (RFC 6749
// section 5.1). They come in the order in which they stand there, at most one of a name. The error is a *FormError and holds none of
// the text.
func Find(text string) ([]Found, error) {
	if len(text) > MaxText {
		return nil, &FormError{"input", "is longer than 4 MiB, which no token is"}
	}
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if value, ok := headerValue(text); ok {
		return bare(value, PlaceHeader)
	}
	if !strings.HasPrefix(text, "{") {
		text = strings.Trim(text, "\"'`, \t\r\n")
	}
	switch {
	case text == "":
		return nil, &FormError{"input", "is empty"}
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		return inJSON(text)
	case isAddress(text):
		return inAddress(text)
	case isForm(text):
		if found := inPairs(text, PlaceForm); len(found) > 0 {
			return found, nil
		}
		return nil, &FormError{"input", "holds no token"}
	}
	return bare(text, PlaceBare)
}

// bare takes off a scheme, and the line breaks of a wrapped token.
func bare(text string, place Place) ([]Found, error) {
	text = strings.Trim(text, "\"'`, \t\r\n")
	switch scheme, value, spaced := strings.Cut(text, " "); {
	case strings.EqualFold(scheme, "bearer"), strings.EqualFold(scheme, "dpop"):
		text = value
	case spaced && strings.EqualFold(scheme, "basic"):
		return nil, &FormError{"input", "is a name and a secret (Basic), and no token"}
	}
	text = strings.Join(strings.Fields(text), "")
	if text == "" {
		return nil, &FormError{"input", "holds no token"}
	}
	return []Found{{Value: NewSecret(text), Place: place}}, nil
}

// headerValue finds the header Authorization, as curl and browsers show it too: "> authorization: Bearer …", "-H 'Authorization: …'".
func headerValue(text string) (string, bool) {
	const name = "authorization"
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		value, ok := behindName(line, name)
		if !ok {
			continue
		}
		for _, next := range lines[i+1:] {
			// A terminal has wrapped the token over lines; another header has a colon.
			if strings.Contains(next, ":") {
				break
			}
			value += " " + next
		}
		if argument := value[:max(0, strings.IndexAny(value, `'"`))]; strings.TrimSpace(argument) != "" {
			value = argument // it ends there, and curl's others follow
		}
		return value, true
	}
	return "", false
}

// behindName returns what a line has behind a header's name and its colon. The name begins the line or an argument of curl's:
// proxy-authorization has no token of the user's, and a name is one word.
func behindName(line, name string) (string, bool) {
	behind := line
	for {
		_, after, found := strings.Cut(behind, ":")
		if !found {
			return "", false
		}
		behind = after
		before := strings.TrimRight(line[:len(line)-len(behind)-1], "\"'` ")
		if len(before) < len(name) || !strings.EqualFold(before[len(before)-len(name):], name) {
			continue
		}
		rest := strings.TrimRight(before[:len(before)-len(name)], "\"'` \t><*")
		if rest == "" || strings.HasSuffix(rest, "H") || strings.HasSuffix(rest, "--header") {
			return behind, true
		}
	}
}

// tokenNames are the names that tokens have in addresses, forms and answers.
func tokenNames() []string {
	return []string{"access_token", "id_token", "refresh_token", "id_token_hint", "logout_token", "token", "assertion", "client_assertion", "code"}
}

func isAddress(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	return ok && len(scheme) < 40 && !strings.ContainsAny(scheme, " .=&?") || strings.HasPrefix(text, "#") || strings.HasPrefix(text, "?") || strings.HasPrefix(text, "/") && strings.ContainsAny(text, "?#")
}

func isForm(text string) bool {
	for _, n := range tokenNames() {
		if strings.HasPrefix(text, n+"=") || strings.Contains(text, "&"+n+"=") {
			return true
		}
	}
	return false
}

func inAddress(text string) ([]Found, error) {
	text = strings.Join(strings.Fields(text), "") // wrapped by a terminal
	rest, fragment, _ := strings.Cut(text, "#")
	_, query, _ := strings.Cut(rest, "?")
	var all []Found
	for _, part := range []string{query, fragment} {
		all = append(all, inPairs(part, PlaceURL)...)
	}
	if len(all) == 0 {
		return nil, &FormError{"address", "holds no token"}
	}
	return all, nil
}

func inPairs(text string, place Place) []Found {
	var all []Found
	for pair := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(pair, "=")
		v, _ := url.QueryUnescape(value) // empty where it can't be, and passed over
		all = add(all, name, v, place)
	}
	return all
}

// add takes a value that has a token's name, and isn't there yet.
func add(all []Found, name, value string, place Place) []Found {
	for _, f := range all {
		if f.Name == name {
			return all
		}
	}
	for _, n := range tokenNames() {
		if value = strings.TrimSpace(value); n == name && value != "" {
			return append(all, Found{Name: name, Value: NewSecret(value), Place: place})
		}
	}
	return all
}

func inJSON(text string) ([]Found, error) {
	o, problem := parseObject([]byte(text))
	if problem != "" {
		return nil, &FormError{"input", problem}
	}
	var all []Found
	for _, m := range o.Members() {
		if value, _ := o.String(m.Name); m.Name != "code" {
			all = add(all, m.Name, value, PlaceJSON)
		}
	}
	if len(all) == 0 {
		return nil, &FormError{"input", "is JSON without a token: no access_token, id_token or refresh_token"}
	}
	return all, nil
}

// CheckForm says what is wrong with a token that is meant to be a JWT, a handle, or opaque: what was cut or garbled on the way must not
// pass for an opaque token. An encrypted token is a whole one. The error is a *FormError.
func CheckForm(raw string) error {
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] >= 0x7f {
			return &FormError{"token", "holds characters that no token may hold"}
		}
	}
	switch {
	case len(raw) > MaxJWT:
		return &FormError{"token", "is longer than 1 MiB"}
	case strings.Trim(raw, "._-~+/=") == "":
		return &FormError{"token", "holds no letter and no digit"}
	}
	switch Classify(raw) {
	case FormEncryptedJWT, FormHandle:
		return nil
	case FormJWT:
	default:
		if !seemsJWT(raw) {
			return nil
		}
	}
	_, err := ParseJWT(raw)
	return err
}

// seemsJWT reports whether a text has three or five parts, or begins as a JSON object does in base64.
func seemsJWT(raw string) bool {
	if n := strings.Count(raw, "."); n == 2 || n == 4 {
		return true
	}
	if len(raw) < 4 {
		return strings.HasPrefix(raw, "eyJ")
	}
	b, err := base64.RawURLEncoding.DecodeString(raw[:4])
	return err == nil && b[0] == '{' && strings.IndexByte("\" \t\r\n}", b[1]) >= 0
}
