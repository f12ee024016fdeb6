package token_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

func TestFind(t *testing.T) {
	tok := userToken()
	const handle = "0123456789abcdef0123456789abcdef"
	type found struct{ name, value, place string }
	one := func(place string) []found { return []found{{"", tok, place}} }
	wrapped := tok[:100] + "\n  " + tok[100:200] + "\r\n" + tok[200:]
	for _, c := range []struct {
		name, text string
		want       []found
		err        string
	}{
		{"bare", tok, one("bare"), ""},
		{"with a line break", tok + "\n", one("bare"), ""},
		{"wrapped", wrapped, one("bare"), ""},
		{"quoted", `"` + tok + `",`, one("bare"), ""},
		{"byte order mark", "\ufeff" + tok, one("bare"), ""},
		{"scheme", "Bearer " + tok, one("bare"), ""},
		{"handle", handle, []found{{"", handle, "bare"}}, ""},
		{"header", "Authorization: Bearer " + tok, one("header"), ""},
		{"header in small letters", "authorization:bearer " + tok, one("header"), ""},
		{"header without a scheme", "Authorization: " + tok, one("header"), ""},
		{"DPoP", "Authorization: DPoP " + tok, one("header"), ""},
		{"wrapped header", "Authorization: Bearer " + wrapped, one("header"), ""},
		{"curl -v", "> GET / HTTP/2\n> Host: api.example.com\n> authorization: Bearer " + tok + "\n> accept: */*\n", one("header"), ""},
		{"a curl command", "curl -sH 'Authorization: Bearer " + tok + "' https://api.example.com/", one("header"), ""},
		{"curl's argument", "curl -H 'Authorization: Bearer " + tok + "' https://api.example.com/", one("header"), ""},
		{"JSON header", `"Authorization": "Bearer ` + tok + `",`, one("header"), ""},
		{"fragment", "https://app.example/cb#id_token=" + tok + "&access_token=" + handle + "&state=x", []found{{"id_token", tok, "url"}, {"access_token", handle, "url"}}, ""},
		{"bare fragment", "#access_token=" + tok, []found{{"access_token", tok, "url"}}, ""},
		{"query", "https://api.example/x?access_token=" + tok + "&y=1", []found{{"access_token", tok, "url"}}, ""},
		{"path and query", "/connect/endsession?id_token_hint=" + tok, []found{{"id_token_hint", tok, "url"}}, ""},
		{"code", "http://127.0.0.1:8400/callback?code=" + handle + "&state=1", []found{{"code", handle, "url"}}, ""},
		{"percent-encoded", "https://a.example/#id_token=" + strings.ReplaceAll(tok, ".", "%2E"), []found{{"id_token", tok, "url"}}, ""},
		{"twice in one address", "https://a.example/?token=" + handle + "#token=" + tok, []found{{"token", handle, "url"}, {"token", tok, "url"}}, ""},
		{"form", "grant_type=refresh_token&refresh_token=" + handle, []found{{"refresh_token", handle, "form"}}, ""},
		{"answer", `{"id_token":"` + tok + `","access_token":"` + tok + `","expires_in":3600,"token_type":"Bearer","refresh_token":"` + handle + `"}`,
			[]found{{"id_token", tok, "json"}, {"access_token", tok, "json"}, {"refresh_token", handle, "json"}}, ""},
		{"nothing", " \n", nil, "the input is empty"},
		{"a header and nothing", "Authorization: Bearer ", nil, "the input holds no token"},
		{"a client's secret", "Authorization: Basic eDp5", nil, "the input is a name and a secret (Basic), and no token"},
		{"an address without", "https://a.example/?state=1", nil, "the address holds no token"},
		{"an answer without", `{"error":"invalid_grant"}`, nil, "the input is JSON without a token: no access_token, id_token or refresh_token"},
		{"an answer cut", `{"access_token":"` + tok, nil, "the input is no valid JSON"},
		{"a name twice", `{"access_token":"a","access_token":"b"}`, nil, "the input names a member twice"},
		{"a token that is no text", `{"access_token":1}`, nil, "the input is JSON without a token: no access_token, id_token or refresh_token"},
		{"an array", `["` + tok + `"]`, nil, "the input is JSON, but no object"},
		{"too long", strings.Repeat("a", token.MaxText+1), nil, "the input is longer than 4 MiB, which no token is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := token.Find(c.text)
			var got []found
			for _, f := range all {
				got = append(got, found{f.Name, f.Value.Reveal(), string(f.Place)})
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
			problem := ""
			if e, ok := errors.AsType[*token.FormError](err); ok {
				problem = e.Error()
			} else if err != nil {
				t.Fatalf("error %T", err)
			}
			if problem != c.err {
				t.Errorf("error %q, want %q", problem, c.err)
			}
		})
	}
}

func TestCheckForm(t *testing.T) {
	tok := userToken()
	for _, c := range []struct{ name, raw, want string }{
		{"JWT", tok, ""},
		{"handle", "0123456789abcdef0123456789abcdef", ""},
		{"encrypted", vectors(t)["rfc7519-a1"], ""},
		{"opaque", "gho_16C7e42F292c6912E7710c838347Ae178B4a", ""},
		{"opaque with dots", "ya29.a0AfH6SMB", ""},
		{"cut in the header", tok[:20], "the token has one part where a JWT has three, joined by dots"},
		{"cut in the payload", tok[:300], "the token has 2 parts where a JWT has three, joined by dots"},
		{"three parts of nothing", "not.a.token", "the header is not the canonical base64url of anything: its last character carries stray bits"},
		{"a space", tok + " x", "the token holds characters that no token may hold"},
		{"an escape", "\x1b[2J", "the token holds characters that no token may hold"},
		{"a letter outside ASCII", "é", "the token holds characters that no token may hold"},
		{"dots", "......", "the token holds no letter and no digit"},
		{"the first letters", "eyJ", "the token has one part where a JWT has three, joined by dots"},
		{"too long", strings.Repeat("a", token.MaxJWT+1), "the token is longer than 1 MiB"},
	} {
		got := ""
		if err := token.CheckForm(c.raw); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		header, claims string
		kind           token.Kind
		how            string
	}{
		{`{"typ":"at+jwt"}`, `{}`, token.KindAccess, "its header says at+jwt (RFC 9068)"},
		{`{"typ":"application/at+JWT"}`, `{"nonce":"x"}`, token.KindAccess, "its header says at+jwt (RFC 9068)"},
		{`{"typ":"logout+jwt"}`, `{}`, token.KindLogout, "its header says logout+jwt"},
		{`{"typ":"secevent+jwt"}`, `{}`, token.KindJWT, "its header says that it is for something else"},
		{`{}`, `{"events":{}}`, token.KindLogout, "it has the claim events (OpenID Connect Back-Channel Logout 2.4)"},
		{`{"typ":"JWT"}`, `{"scope":"openid","client_id":"x"}`, token.KindAccess, "it has scope and client_id, and no nonce"},
		{`{}`, `{"nonce":"x","scope":"openid"}`, token.KindID, "it has nonce, which only ID tokens have"},
		{`{}`, `{"nonce":"x","at_hash":"y","c_hash":"z"}`, token.KindID, "it has nonce, at_hash and c_hash, which only ID tokens have"},
		{`{}`, `{"sid":"x"}`, token.KindID, "it has sid, and no scope"},
		{`{}`, `{"iss":"joe"}`, token.KindJWT, "it has none of the claims that tell an access token from an ID token"},
	} {
		jwt, err := token.ParseJWT(compact(c.header, c.claims))
		if err != nil {
			t.Fatal(err)
		}
		if kind, how := token.JWTKind(jwt); kind != c.kind || how != c.how {
			t.Errorf("%s %s is %q: %s", c.header, c.claims, kind, how)
		}
	}
	for _, c := range []struct {
		form token.Form
		name string
		kind token.Kind
		how  string
	}{
		{token.FormEncryptedJWT, "access_token", token.KindEncrypted, "five parts, and a header with enc (RFC 7516)"},
		{token.FormHandle, "access_token", token.KindReference, "it came as access_token, and is a handle of 32 hexadecimal digits"},
		{token.FormHandle, "refresh_token", token.KindRefresh, "it came as refresh_token"},
		{token.FormOpaque, "refresh_token", token.KindRefresh, "it came as refresh_token"},
		{token.FormOpaque, "access_token", token.KindOpaque, "it came as access_token, and is no JWT"},
		{token.FormHandle, "", token.KindHandle, "32 hexadecimal digits: a refresh token, a reference token or a code, which look alike"},
		{token.FormOpaque, "", token.KindOpaque, "it is neither a JWT nor a handle of IdentityServer3"},
		{token.FormHandle, "code", token.KindCode, "it came as code"},
	} {
		if kind, how := token.FormKind(c.form, c.name); kind != c.kind || how != c.how {
			t.Errorf("%s called %q is %q: %s", c.form, c.name, kind, how)
		}
	}
	words := map[token.Kind]string{token.KindAccess: "access token", token.KindID: "ID token", token.KindCode: "authorisation code", token.KindJWT: "JWT"}
	for k, want := range words {
		if got := k.Words(); got != want {
			t.Errorf("%s is %q, want %q", k, got, want)
		}
	}
}

// FuzzFind: whatever is pasted, what is found is part of it, and is no secret that a name would not have given.
func FuzzFind(f *testing.F) {
	tok := userToken()
	for _, seed := range []string{
		tok, "Authorization: Bearer " + tok, "https://a/#id_token=" + tok, `{"access_token":"x"}`, "a=b&token=%zz&code=1", "#", "{", "'", "\ufeff", "::::", "> authorization:\n\n:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := token.Find(text)
		if (err == nil) != (len(all) > 0) {
			t.Fatalf("%d found, %v", len(all), err)
		}
		for _, found := range all {
			if found.Value.IsZero() || found.Value.Len() > len(text) {
				t.Fatalf("%d bytes of %d", found.Value.Len(), len(text))
			}
			err := token.CheckForm(found.Value.Reveal())
			_, parsed := token.ParseJWT(found.Value.Reveal())
			if token.Classify(found.Value.Reveal()) == token.FormJWT && (err == nil) != (parsed == nil) {
				t.Fatalf("CheckForm says %v, ParseJWT %v", err, parsed)
			}
		}
	})
}
