package provider

import (
	"bytes"
	"encoding/json"

	"github.com/simsid/simsid/internal/token"
)

// rescue takes the refresh token, and nothing else, out of an answer that can't be used: one that is cut off, too long, or no JSON
// behind a certain point. a is nil where nothing came. Of several the last one counts, as most who write JSON would have it.
func rescue(a *answer) TokenResponse {
	if a == nil || !a.ok() {
		return TokenResponse{}
	}
	return TokenResponse{Set: token.Set{Refresh: refreshTokenIn(a.body)}}
}

// refreshTokenIn reads the members of an object as far as they go. A string that doesn't end is no token.
func refreshTokenIn(body []byte) (found token.Secret) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	if start, _ := d.Token(); start != json.Delim('{') {
		return token.Secret{}
	}
	for d.More() {
		name, _ := d.Token() // what can't be read is followed by nothing that can
		if name != "refresh_token" {
			var other json.RawMessage
			if d.Decode(&other) != nil {
				return found
			}
			continue
		}
		value, _ := d.Token()
		text, ok := value.(string)
		if !ok {
			return found
		}
		if printable(text) {
			found = token.NewSecret(text)
		}
	}
	return found
}
