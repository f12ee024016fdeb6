package token_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/token"
)

// TestFindEdges tells what is a place of a token from what only looks like one.
func TestFindEdges(t *testing.T) {
	const none = "the input holds no token"
	for text, want := range map[string]string{
		// Headers.
		"Proxy-Authorization: Bearer a\nAuthorization: Bearer b":        "header :b",
		"curl --header 'Authorization: Bearer b' https://x/":            "header :b",
		"X-Note: a\nAuthorization: Bearer b":                            "header :b",
		"Cache-Control: no-store\nAuthorization: Bearer b":              "header :b",
		": x\nAuthorization: Bearer b":                                  "header :b",
		"Authorization: 'Bearer b'":                                     "header :b",
		"curl https://x/ -H 'Accept: */*' -H 'Authorization: Bearer b'": "header :b",
		"curl https://x:443/ --header \"authorization: bearer b\" -v":   "header :b",
		"curl https://x/ -H 'X-Authorization: Bearer b'":                "bare :curlhttps://x/-H'X-Authorization:Bearerb",
		strings.Repeat("x ", 40) + "Authorization: Bearer b":            "bare :" + strings.Repeat("x", 40) + "Authorization:Bearerb",
		strings.Repeat(" ", 66) + "\tAuthorization: Bearer b\nlong: x":  "header :b",
		"Basic": "bare :Basic", "Basic YTpi": "the input is a name and a secret (Basic), and no token",
		// Addresses.
		"?access_token=a": "url access_token:a", "#access_token=a": "url access_token:a", "/cb?access_token=a": "url access_token:a", "/cb#access_token=a": "url access_token:a",
		"/cb&access_token=a":                       "form access_token:a",
		"https://x/cb?access_token=a\n b":          "url access_token:ab",
		"x=https://y/?access_token=a":              "bare :x=https://y/?access_token=a",
		`"https://x/cb?access_token=a",`:           "url access_token:a",
		"https://x/cb?code=%zz#access_token=a":     "url access_token:a",
		"https://x/cb?code=%zz":                    "the address holds no token",
		strings.Repeat("s", 39) + "://x?code=a":    "url code:a",
		strings.Repeat("s", 40) + "://x?code=a":    "bare :" + strings.Repeat("s", 40) + "://x?code=a",
		"https://x/?x=1#access_token=a&id_token=b": "url access_token:a url id_token:b",
		// Forms.
		"access_token=a": "form access_token:a", "x=1&token=a": "form token:a", "access_token=a&access_token=b": "form access_token:a",
		"access_token=&token=a": "form token:a", "access_token=%zz&token=a": "form token:a", "access_token=%zz": none, "access_token=": none,
		// JSON.
		`{"access_token":"a","code":"x","n":1}`: "json access_token:a", `{"code":"x"}`: "the input is JSON without a token: no access_token, id_token or refresh_token",
		`{"access_token":1,"token":"a"}`: "json token:a", `{"access_token":"a"},`: "the input is no valid JSON", `"eyJ"`: "bare :eyJ", "`a`,": "bare :a",
	} {
		found, err := token.Find(text)
		var got []string
		for _, f := range found {
			got = append(got, fmt.Sprintf("%s %s:%s", f.Place, f.Name, f.Value.Reveal()))
		}
		if err != nil {
			got = append(got, err.Error())
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: got %q, expected %q", text, s, want)
		}
	}
	for more, ok := range []bool{true, false} {
		if _, err := token.Find(strings.Repeat("x", token.MaxText+more)); (err == nil) != ok {
			t.Errorf("%d more than may be: %v", more, err)
		}
	}
}

// TestCheckFormEdges: what was cut or garbled isn't opaque.
func TestCheckFormEdges(t *testing.T) {
	header := b64(`{"alg":"RS256"}`)
	for raw, ok := range map[string]bool{
		"a\x7f": false, "a\x20": false, "a!": true, "a~": true, strings.Repeat("x", token.MaxJWT): true, strings.Repeat("x", token.MaxJWT+1): false,
		"eyJ": false, "eyK": true, "ab": true, "eyJh": false, header: false, header + ".e30": false, header + ".e30.": true, "a.b.c.d.e": false, "a.b.c.d": true,
		b64(`{x`): true, b64(`{xy`): true, b64("{\n\n"): false, b64(`{ `) + "xx": false, b64(`[" `): true, b64("x\" "): true, b64(`{}`) + "x": false,
	} {
		if err := token.CheckForm(raw); (err == nil) != ok {
			t.Errorf("%.40q: %v", raw, err)
		}
	}
}
