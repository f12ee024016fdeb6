package hostile_test

import (
	"encoding/json"
	"strings"
	"time"
)

// says has the ID token of the token endpoint changed.
func says(c claims) func(*provider) { return func(p *provider) { p.id = c } }

// tokenAttacks are lies in the claims of a token that is signed as it should be.
func tokenAttacks() []attack {
	at := func(p *provider, d time.Duration) int64 { return p.clock.Now().Add(d).Unix() }
	return []attack{
		{name: "another nonce", do: says(claims{"nonce": "another"}), code: 3, want: "the token doesn't hold: nonce: it isn't the one sent: the token answers another request"},
		{name: "no nonce", do: says(claims{"nonce": nil}), code: 3, want: "the token doesn't hold: nonce: one was sent, and the token has none"},
		{name: "a nonce that is no text", do: says(claims{"nonce": 7}), code: 3, want: "the token doesn't hold: nonce: it isn't the one sent: the token answers another request"},
		{name: "another issuer", do: says(claims{"iss": "https://evil.example"}), code: 3, want: `the token doesn't hold: issuer: expected "ISSUER", got "https://evil.example"`},
		{name: "no issuer", do: says(claims{"iss": nil}), code: 3, want: `the token doesn't hold: issuer: expected "ISSUER", got "", iss is missing or no string`},
		{name: "the issuer with a slash behind it", do: func(p *provider) { p.id = claims{"iss": p.URL + "/"} }, code: 3, want: `the token doesn't hold: issuer: expected "ISSUER", got "ISSUER/", they differ by a trailing slash alone`},
		{name: "an issuer with escapes", do: says(claims{"iss": "\x1b[2Jevil\u202e"}), code: 3, want: `the token doesn't hold: issuer: expected "ISSUER", got "\x1b[2Jevil\u202e"`},
		{name: "another client", do: says(claims{"aud": "client-2"}), code: 3, want: `the token doesn't hold: audience: expected "client-1", got "client-2", the token is for another client`},
		{name: "no audience", do: says(claims{"aud": nil}), code: 3, want: `the token doesn't hold: audience: expected "client-1", got "", aud is missing, or neither a string nor an array of strings`},
		{name: "an audience that is no text", do: says(claims{"aud": []any{clientID, 1}}), code: 3, want: `the token doesn't hold: audience: expected "client-1", got "", aud is missing, or neither a string nor an array of strings`},
		{name: "several clients and no word for whom", do: says(claims{"aud": []string{clientID, "client-2"}}), code: 3, want: `the token doesn't hold: authorized party: expected "client-1", got "", the token is for several clients and azp doesn't say for which`},
		{name: "issued to another client", do: says(claims{"aud": []string{clientID, "client-2"}, "azp": "client-2"}), code: 3, want: `the token doesn't hold: authorized party: expected "client-1", got "client-2", the token was issued to another client`},
		{name: "an azp that is no text", do: says(claims{"azp": true}), code: 3, want: `the token doesn't hold: authorized party: expected "client-1", got "", the token was issued to another client`},
		{name: "nobody", do: says(claims{"sub": nil}), code: 3, want: "the token doesn't hold: subject: sub is missing, empty or no string"},
		{name: "nobody's name", do: says(claims{"sub": ""}), code: 3, want: "the token doesn't hold: subject: sub is missing, empty or no string"},
		{name: "expired", do: func(p *provider) { p.id = claims{"exp": at(p, -time.Hour)} }, code: 3, want: `the token doesn't hold: expiry: expected "after 2026-03-02T09:00:00Z", got "2026-03-02T08:00:00Z", the token has expired, by this machine's clock`},
		{name: "expired at the end of what a clock may differ", do: func(p *provider) { p.id = claims{"exp": at(p, -time.Minute)} }, code: 3, want: `the token doesn't hold: expiry: expected "after 2026-03-02T09:00:00Z", got "2026-03-02T08:59:00Z", the token has expired, by this machine's clock`},
		{name: "no end", do: says(claims{"exp": nil}), code: 3, want: `the token doesn't hold: expiry: expected "after 2026-03-02T09:00:00Z", got "", exp is missing`},
		{name: "an end that is no time", do: says(claims{"exp": "tomorrow"}), code: 3, want: `the token doesn't hold: expiry: expected "after 2026-03-02T09:00:00Z", got "", exp is no time`},
		{name: "an end beyond all time", do: says(claims{"exp": json.Number("1e300")}), code: 3, want: `the token doesn't hold: expiry: expected "after 2026-03-02T09:00:00Z", got "", exp is no time`},
		{name: "not valid yet", do: func(p *provider) { p.id = claims{"nbf": at(p, time.Hour)} }, code: 3, want: `the token doesn't hold: not before: expected "not after 2026-03-02T09:00:00Z", got "2026-03-02T10:00:00Z", the token isn't valid yet, by this machine's clock`},
		{name: "issued in the future", do: func(p *provider) { p.id = claims{"iat": at(p, 2*time.Minute)} }, code: 3, want: `the token doesn't hold: issued at: expected "not after 2026-03-02T09:00:00Z", got "2026-03-02T09:02:00Z", the token was issued in the future, by this machine's clock`},
		{name: "issued in the future, by a clock that is ahead", do: func(p *provider) {
			p.id, p.late = claims{"iat": at(p, time.Hour)}, time.Hour
		}, code: 3, want: `the token doesn't hold: issued at: expected "not after 2026-03-02T09:00:00Z", got "2026-03-02T10:00:00Z", the token was issued in the future, by this machine's clock; but this machine's clock is 60 minutes behind the provider's`},
		{name: "no time of issue", do: says(claims{"iat": nil}), code: 3, want: `the token doesn't hold: issued at: expected "not after 2026-03-02T09:00:00Z", got "", iat is missing`},
		{name: "at_hash of another token", do: says(claims{"at_hash": leftHash("other")}), code: 3, want: `the token doesn't hold: at_hash: expected "9MKET0Y7WpOlF96BtnoJyA", got "2SmKENGwc1g33EvYXaxkGw", the ID token belongs to something else than the access token`},
		{name: "c_hash of another code", do: says(claims{"c_hash": leftHash("other")}), code: 3, want: `the token doesn't hold: c_hash: expected "Ub1mOf7XwLSCavbAa_5PTA", got "2SmKENGwc1g33EvYXaxkGw", the ID token belongs to something else than the code`},
		{name: "an old sign-in, though a new one was asked for", do: func(p *provider) { p.id = claims{"auth_time": at(p, -time.Hour)} },
			args: []string{"--max-age=60"}, code: 3, want: `the token doesn't hold: auth_time: expected "not before 2026-03-02T08:59:00Z", got "2026-03-02T08:00:00Z", the user signed in longer ago than max_age`},
		{name: "no time of the sign-in, though it was asked for", do: says(claims{"auth_time": nil}), args: []string{"--max-age=60"}, code: 3, want: `the token doesn't hold: auth_time: expected "not before 2026-03-02T08:59:00Z", got "", auth_time is missing, though max_age was sent`},
		{name: "a sign-in in the future", do: func(p *provider) { p.id = claims{"auth_time": at(p, time.Hour)} }, args: []string{"--max-age=60"}, code: 3, want: `the token doesn't hold: auth_time: expected "not before 2026-03-02T08:59:00Z", got "2026-03-02T10:00:00Z", it lies in the future, by this machine's clock`},
	}
}

// keyAttacks are lies about who has signed.
func keyAttacks() []attack {
	header := func(c claims) func(*provider) { return func(p *provider) { p.header = c } }
	// byOther signs with a key that isn't the provider's, and has the header say where it may be had.
	byOther := func(more func(*provider) claims) func(*provider) {
		return func(p *provider) {
			p.header = more(p)
			p.sign = func(input string) string { return signed(otherKey(), input) }
		}
	}
	return []attack{
		{name: "alg none", do: func(p *provider) {
			p.header = claims{"alg": "none"}
			p.sign = func(string) string { return "" }
		}, code: 3, want: `the token doesn't hold: algorithm: expected "RS256", got "none", the provider's metadata doesn't name it, or it is never taken`},
		{name: "alg none, though the metadata names it", do: func(p *provider) {
			p.metadata = claims{"id_token_signing_alg_values_supported": []string{"none"}}
			p.header = claims{"alg": "none"}
			p.sign = func(string) string { return "" }
		}, args: []string{"--force"}, code: 3, want: "the token doesn't hold: algorithm: the provider names no algorithm that is safe to take"},
		{name: "alg None with a signature", do: header(claims{"alg": "None"}), code: 3, want: `the token doesn't hold: algorithm: expected "RS256", got "None", the provider's metadata doesn't name it, or it is never taken`},
		{name: "no alg", do: header(claims{"alg": nil}), code: 3, want: `the token doesn't hold: algorithm: expected "RS256", got "", the provider's metadata doesn't name it, or it is never taken`},
		{name: "HS256 with the public key", do: func(p *provider) {
			p.header = claims{"alg": "HS256"}
			p.sign = byHMAC(publicPEM())
		}, code: 3, want: `the token doesn't hold: algorithm: expected "RS256", got "HS256", the provider's metadata doesn't name it, or it is never taken`},
		{name: "HS256 with the public key, though the metadata names it", do: func(p *provider) {
			p.metadata = claims{"id_token_signing_alg_values_supported": []string{"RS256", "HS256"}}
			p.header = claims{"alg": "HS256"}
			p.sign = byHMAC(publicPEM())
		}, code: 3, want: `the token doesn't hold: algorithm: expected "RS256", got "HS256", the provider's metadata doesn't name it, or it is never taken`},
		{name: "HS256 with the client's secret", do: func(p *provider) {
			p.metadata = claims{"id_token_signing_alg_values_supported": []string{"HS256"}}
			p.header = claims{"alg": "HS256"}
			p.sign = byHMAC([]byte(clientSecret))
		}, args: []string{"--force"}, code: 3, want: "the token doesn't hold: algorithm: the provider names no algorithm that is safe to take"},
		{name: "an algorithm that the metadata doesn't name", do: header(claims{"alg": "PS256"}), code: 3, want: `the token doesn't hold: algorithm: expected "RS256", got "PS256", the provider's metadata doesn't name it, or it is never taken`},
		{name: "RS256's signature as ES256's", do: func(p *provider) {
			p.metadata = claims{"id_token_signing_alg_values_supported": []string{"RS256", "ES256"}}
			p.header = claims{"alg": "ES256"}
		}, code: 3, want: `the token doesn't hold: key: expected "a key for ES256", got "key-1", the key is RSA of 2048 bits, which can't be ES256's`},
		{name: "another key's signature", do: byOther(func(*provider) claims { return nil }), code: 3, want: "the token doesn't hold: signature: it isn't of the provider's key, or the token was changed"},
		{name: "no signature", do: func(p *provider) { p.sign = func(string) string { return "" } }, code: 3, want: "the token doesn't hold: signature: it isn't of the provider's key, or the token was changed"},
		{name: "an unknown key", do: byOther(func(*provider) claims { return claims{"kid": "key-9"} }), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "key-9", none of the provider's 1 keys has this kid`},
		{name: "a key with escapes in its name", do: byOther(func(*provider) claims { return claims{"kid": "\x1b[2J'; DROP TABLE keys"} }), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "\x1b[2J'; DROP TABLE keys", none of the provider's 1 keys has this kid`},
		{name: "jku that leads elsewhere", do: byOther(func(p *provider) claims { return claims{"jku": p.elsewhere.URL + "/jwks"} }), code: 3, want: "the token doesn't hold: signature: it isn't of the provider's key, or the token was changed"},
		{name: "jku and an unknown key", do: byOther(func(p *provider) claims {
			return claims{"jku": p.elsewhere.URL + "/jwks", "kid": "key-9"}
		}), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "key-9", none of the provider's 1 keys has this kid`},
		{name: "x5u that leads elsewhere", do: byOther(func(p *provider) claims { return claims{"x5u": p.elsewhere.URL + "/certificate"} }), code: 3, want: "the token doesn't hold: signature: it isn't of the provider's key, or the token was changed"},
		{name: "a jwk of its own", do: byOther(func(*provider) claims { return claims{"jwk": publicJWK(otherKey(), "key-1")} }), code: 3, want: "the token doesn't hold: signature: it isn't of the provider's key, or the token was changed"},
		{name: "a kid that is an address", do: byOther(func(p *provider) claims { return claims{"kid": p.elsewhere.URL + "/jwks"} }), code: 3, want: `the token doesn't hold: key: expected "a key for RS256", got "ELSEWHERE/jwks", none of the provider's 1 keys has this kid`},
		{name: "an extension that must be understood", do: header(claims{"crit": []string{"exp"}, "exp": 1}), code: 3, want: "the token doesn't hold: form: the header's crit demands extensions that aren't known here"},
		{name: "an access token in its place", do: header(claims{"typ": "at+jwt"}), code: 3, want: `the token doesn't hold: form: expected "JWT", got "at+jwt", by its typ the token is for something else`},
		{name: "a logout token in its place", do: header(claims{"typ": "logout+jwt"}), code: 3, want: `the token doesn't hold: form: expected "JWT", got "logout+jwt", by its typ the token is for something else`},
	}
}

// formAttacks are tokens that are none, or that two readers would read in two ways.
func formAttacks() []attack {
	becomes := func(change func(string) string) func(*provider) { return func(p *provider) { p.token = change } }
	// payload puts another payload behind a signature that holds for it.
	payload := func(text string) func(*provider) {
		return becomes(func(whole string) string {
			header, _, _ := strings.Cut(whole, ".")
			input := header + "." + encode([]byte(text))
			return input + "." + signed(signingKey(), input)
		})
	}
	return []attack{
		{name: "no token at all", do: becomes(func(string) string { return "hello" }), code: 3, want: "the token doesn't hold: form: the token has one part where a JWT has three, joined by dots"},
		{name: "a changed payload", do: becomes(func(whole string) string {
			parts := strings.Split(whole, ".")
			return parts[0] + "." + encode([]byte(`{"iss":"x"}`)) + "." + parts[2]
		}), code: 3, want: `the token doesn't hold: signature: it isn't of the provider's key, or the token was changed; issuer: expected "ISSUER", got "x"; audience: expected "client-1", got "", aud is missing, or neither a string nor an array of strings; expiry: expected "after 2026-03-02T09:00:00Z", got "", exp is missing; issued at: expected "not after 2026-03-02T09:00:00Z", got "", iat is missing; nonce: one was sent, and the token has none; subject: sub is missing, empty or no string`},
		{name: "two of a claim", do: payload(`{"sub":"user-1","sub":"user-2"}`), code: 3, want: "the token doesn't hold: form: the payload names a member twice"},
		{name: "deeply nested claims", do: payload(strings.Repeat(`{"a":`, 100000) + "1" + strings.Repeat("}", 100000)), code: 3, want: "the token doesn't hold: form: the payload is nested more than 100 deep"},
		{name: "claims that are an array", do: payload(`["iss"]`), code: 3, want: "the token doesn't hold: form: the payload is JSON, but no object"},
		{name: "claims that aren't UTF-8", do: payload("{\"sub\":\"\xff\"}"), code: 3, want: "the token doesn't hold: form: the payload is not valid UTF-8"},
		{name: "an encrypted token", do: becomes(func(string) string {
			return encode([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM"}`)) + ".AA.AA.AA.AA"
		}), code: 3, want: "the token doesn't hold: form: the token is an encrypted JWT (JWE), which only its recipient can read"},
		{name: "four parts", do: becomes(func(whole string) string { return whole + ".AA" }), code: 3, want: "the token doesn't hold: form: the token has 4 parts where a JWT has three, joined by dots"},
		{name: "padding", do: becomes(func(whole string) string { return whole + "==" }), code: 3, want: "the token doesn't hold: form: the signature is padded with =, which a JWT never is"},
		{name: "a token of two megabytes", do: says(claims{"padding": strings.Repeat("x", 2<<20)}), code: 1, want: "exchange the code: HOST: the answer is longer than 1048576 bytes (HTTP 200)"},
		{name: "a token with a line break", do: becomes(func(whole string) string { return whole + "\n" }), code: 1, want: "exchange the code: HOST: id_token holds characters that no token may hold (HTTP 200)"},
	}
}
