package sims

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/token"
)

// claimTypes holds the registered claims against their types.
func claimTypes(l look) []string {
	return l.whole(func(v view) []string {
		var seen []string
		for _, m := range v.Members() {
			if want := wantedType(v, m.Name, m.Value); want != "" {
				seen = append(seen, m.Name+" is "+described(m.Value)+", "+want)
			}
		}
		return seen
	})
}

// wantedType says what a registered claim's value isn't; "" where it is as it should be.
func wantedType(v view, name string, value []byte) string {
	switch name {
	case "exp", "nbf", "iat", "auth_time", "updated_at":
		if _, ok := v.Time(name); !ok {
			return "which is no time: a number of seconds, up to the year 9999"
		}
	case "iss", "sub", "jti", "client_id", "azp", "nonce", "sid", "at_hash", "c_hash":
		if value[0] != '"' {
			return "which is no text"
		}
	case "aud", "scope", "amr":
		if v.Strings(name) == nil {
			return "which is neither a text nor a list of texts"
		}
	}
	return ""
}

// claimNames looks for names that a reader may take for others.
func claimNames(l look) []string {
	return l.whole(func(v view) []string {
		var seen []string
		names := make(map[string]string)
		for _, m := range v.Members() {
			folded := strings.ToLower(strings.TrimSpace(m.Name))
			other, taken := names[folded]
			_, registered := LookupStandardClaim(folded)
			switch {
			case slices.Contains([]string{"__proto__", "constructor", "prototype", "tostring", "hasownproperty"}, folded):
				seen = append(seen, "there is a claim with the name "+quote(m.Name))
			case taken:
				seen = append(seen, "the claims "+quote(other)+" and "+quote(m.Name)+" differ by case or spaces alone")
			case registered && m.Name != folded:
				seen = append(seen, "there is a claim with the name "+quote(m.Name)+", which isn't "+folded)
			}
			names[folded] = m.Name
		}
		return seen
	})
}

func hugeNumbers(l look) []string {
	return l.whole(func(v view) []string {
		var seen []string
		for _, m := range v.Members() {
			if n := hugeNumber(m.Value); n != "" && wantedType(v, m.Name, m.Value) == "" {
				seen = append(seen, quote(m.Name)+" holds the number "+n)
			}
		}
		return seen
	})
}

// hugeNumber finds the first number in a JSON text that a double doesn't hold, "" where there is none.
func hugeNumber(text []byte) string {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case c == '-' || '0' <= c && c <= '9':
			end := i + 1
			for end < len(text) && strings.IndexByte("0123456789+-.eE", text[end]) >= 0 {
				end++
			}
			number := string(text[i:end])
			f, err := strconv.ParseFloat(number, 64)
			if err != nil || math.IsInf(f, 0) || !strings.ContainsAny(number, ".eE") && beyondExact(strings.TrimPrefix(number, "-")) {
				return short(number)
			}
			i = end - 1
		}
	}
	return ""
}

// beyondExact reports whether a whole number is above 2^53, up to which a double holds each.
func beyondExact(digits string) bool {
	const exact = "9007199254740992"
	return len(digits) > len(exact) || len(digits) == len(exact) && digits > exact
}

// described says what a JSON value is: "the text "x"", "the number 1e400", "null".
func described(value []byte) string {
	switch value[0] {
	case '"':
		var text string
		_ = json.Unmarshal(value, &text) // cannot fail: an Object's values are valid JSON
		return "the text " + quote(text)
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 'n', 't', 'f':
		return string(value)
	default:
		return "the number " + short(string(value))
	}
}

// short cuts a number, which is all ASCII.
func short(number string) string {
	const most = 40
	if len(number) > most {
		return number[:most] + "…"
	}
	return number
}

// whole is each for the tokens that are there with their headers.
func (l look) whole(ask func(view) []string) []string {
	return l.each(func(v view) []string {
		if v.header.Len() == 0 {
			return nil
		}
		return ask(v)
	})
}

func unsigned(l look) []string {
	return l.whole(func(v view) []string {
		if alg := v.header.Algorithm(); alg == "" || strings.EqualFold(alg, "none") {
			return []string{"alg is " + quote(alg)}
		}
		return nil
	})
}

func weakAlgorithm(l look) []string {
	return l.whole(func(v view) []string {
		alg := v.header.Algorithm()
		known := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448", "ES256K", ""}
		if slices.Contains(known, alg) || strings.EqualFold(alg, "none") {
			return nil
		}
		return []string{"alg is " + quote(alg)}
	})
}

func headerKeys(l look) []string {
	return l.whole(func(v view) []string {
		var there []string
		for _, name := range []string{"jwk", "jku", "x5u"} {
			if _, ok := v.header.Get(name); ok {
				there = append(there, name)
			}
		}
		if len(there) == 0 {
			return nil
		}
		return []string{"the header has " + join(there)}
	})
}

func withoutExpiry(l look) []string {
	return l.whole(func(v view) []string {
		if _, ok := v.Get("exp"); ok || v.Len() == 0 {
			return nil
		}
		return []string{"exp is missing"}
	})
}

func oddLifetime(l look) []string {
	name := "access token"
	if l.nameless {
		name = "token"
	}
	seen := life(l.access, name, 24*time.Hour)
	return append(seen, life(l.id, "ID token", time.Hour)...)
}

func life(v view, name string, longest time.Duration) []string {
	exp, ok := v.Time("exp")
	if v.header.Len() == 0 || !ok {
		return nil
	}
	begin, ok := v.Time("iat")
	if !ok {
		if begin, ok = v.Time("nbf"); !ok {
			return nil
		}
	}
	switch lives := exp.Sub(begin); {
	case lives <= 0:
		return []string{"the " + name + " ends before it begins"}
	case lives < time.Minute:
		return []string{"the " + name + " lives for " + count(int(lives/time.Second), "second")}
	case lives > longest && lives < 48*time.Hour:
		return []string{"the " + name + " lives for " + count(int(lives/time.Hour), "hour")}
	case lives > longest:
		return []string{"the " + name + " lives for " + count(int(lives/(24*time.Hour)), "day")}
	}
	return nil
}

// clockAhead allows for no more than whole seconds: what the checks allow for is another matter.
func clockAhead(l look) []string {
	if l.now.IsZero() || l.at {
		return nil
	}
	return l.whole(func(v view) []string {
		var seen []string
		for _, name := range []string{"iat", "nbf"} {
			t, ok := v.Time(name)
			if ahead := t.Sub(l.now); ok && ahead > 2*time.Second {
				seen = append(seen, name+" is "+ahead.Round(time.Second).String()+" ahead of this machine's clock")
				break // both are the same moment as a rule
			}
		}
		return seen
	})
}

func inAddress(l look) []string {
	if l.inURL {
		return []string{"the token stood in an address"}
	}
	return nil
}

func otherAudience(l look) []string {
	if l.client == "" {
		return nil
	}
	var seen []string
	if issuedTo, ok := l.access.String("client_id"); ok && l.access.header.Len() > 0 && issuedTo != l.client {
		seen = append(seen, "the access token was issued to "+quote(issuedTo)+", and this client is "+quote(l.client))
	}
	if aud := l.id.Strings("aud"); l.id.header.Len() > 0 && len(aud) > 0 && !slices.Contains(aud, l.client) {
		seen = append(seen, "the ID token is for "+quote(strings.Join(aud, ", "))+", and this client is "+quote(l.client))
	}
	return seen
}

// noDfE speaks of a school alone: a DfE number is the local authority's three digits and the establishment's four.
func noDfE(l look) []string {
	return l.each(func(v view) []string {
		site, ok := v.String(claimSite)
		organisations := v.organisations[claimSingle]
		if !ok || len(organisations) != 1 || utf8.RuneCountInString(site) > 8 || !slices.ContainsFunc(organisations[0].Types, func(t OrganisationType) bool { return t.Letter == "S" }) {
			return nil
		}
		digits := strings.Replace(site, "/", "", 1)
		if len(digits) == 7 && strings.Trim(digits, "0123456789") == "" {
			return nil
		}
		return []string{"site is " + quote(site) + ", and the organisation is a school"}
	})
}

func claimsApart(l look) []string {
	var seen []string
	for _, name := range []string{claimSingle, claimSeveral, claimSite, claimRole, claimMultiple, "name"} {
		a, inAccess := l.access.Get(name)
		b, inID := l.id.Get(name)
		if inAccess && inID && !sameValue(l.access.Object, l.id.Object, name, a, b) {
			seen = append(seen, name+" differs between the access token and the ID token")
		}
	}
	return seen
}

// sameValue compares a claim of two tokens, its values as the set that they are.
func sameValue(x, y token.Object, name string, a, b []byte) bool {
	m, n := x.Strings(name), y.Strings(name)
	if m == nil || n == nil {
		return bytes.Equal(a, b)
	}
	slices.Sort(m)
	slices.Sort(n)
	return slices.Equal(m, n)
}

func oldClaims(l look) []string {
	if l.refreshed.IsZero() || l.access.Len() == 0 {
		return nil
	}
	return []string{"the access token was refreshed since the user signed in"}
}
