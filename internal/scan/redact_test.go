package scan

import (
	"bytes"
	"strings"
	"testing"
)

const handle = "0123456789abcdef0123456789abcdef"

// redactions are texts with what becomes of them; ‹kind:value› stands for the hash of a value.
func redactions() []struct{ name, text, want string } {
	encrypted := b64(`{"alg":"RSA-OAEP","enc":"A256GCM"}`) + ".a.b.c.d"
	return append(spelledRedactions(), []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"prose", "The code is 404, keyJoin.toString.length and the password", "The code is 404, keyJoin.toString.length and the password"},

		// JWTs, wherever they stand.
		{"bare JWT", sample, "‹jwt:" + sample + "›"},
		{"JWT at the end of a sentence", "It was " + sample + ". Then", "It was ‹jwt:" + sample + "›. Then"},
		{"JWT in quotes", `"` + sample + `"`, `"‹jwt:` + sample + `›"`},
		{"JWT glued to something", "id-" + sample + "=", "id-‹jwt:" + sample + "›="},
		{"JWT without a signature", compact(`{"alg":"none"}`, "{}", ""), "‹jwt:" + compact(`{"alg":"none"}`, "{}", "") + "›"},
		{"JWT of which the end is missing", sample[:300] + "...", "‹jwt:" + sample[:300] + "›..."},
		{"JWT whose header begins with white space", compact("{\r\n \"alg\":\"HS256\"}", "{}", "x"), "‹jwt:" + compact("{\r\n \"alg\":\"HS256\"}", "{}", "x") + "›"},
		{"encrypted JWT", "x " + encrypted + " y", "x ‹jwt:" + encrypted + "› y"},
		{"encrypted JWT without a key", "x " + strings.Replace(encrypted, ".a.", "..", 1) + " y", "x ‹jwt:" + strings.Replace(encrypted, ".a.", "..", 1) + "› y"},
		{"detached signature", b64(`{"alg":"RS256"}`) + "..c2ln", b64(`{"alg":"RS256"}`) + "..c2ln"},
		{"four parts", sample + ".more", "‹jwt:" + sample + "›.more"},
		{"JSON in base64 that is no header", b64(`{"version":3}`) + ".map", b64(`{"version":3}`) + ".map"},
		{"header alone", b64(`{"alg":"RS256"}`), b64(`{"alg":"RS256"}`)},
		{"percent-encoded dots", strings.ReplaceAll(sample, ".", "%2E"), "‹jwt:" + sample + "›"},
		{"percent-encoded twice", "u%253D" + strings.ReplaceAll(sample, ".", "%252e") + "%2526", "u%253D‹jwt:" + sample + "›%2526"},
		{"escaped dots", `"` + strings.ReplaceAll(sample, ".", `\u002e`) + `"`, `"‹jwt:` + sample + `›"`},

		// Parameters of addresses and forms.
		{"redirect", "GET /cb?code=" + handle + "&state=af0ifjsldkj HTTP/1.1", "GET /cb?code=‹code:" + handle + "›&state=af0ifjsldkj HTTP/1.1"},
		{"fragment", "/cb#access_token=" + handle + "&token_type=Bearer", "/cb#access_token=‹token:" + handle + "›&token_type=Bearer"},
		{"short code among OAuth's own", "code=abc&session_state=x", "code=‹code:abc›&session_state=x"},
		{"short code in a request", "grant_type=authorization_code&code=abc", "grant_type=authorization_code&code=‹code:abc›"},
		{"code of something else", "code=200&x=1 code=ERR_HTTP2_PROTOCOL_ERROR status_code=" + handle, "code=200&x=1 code=ERR_HTTP2_PROTOCOL_ERROR status_code=" + handle},
		{"token request", "client_id=x&client_secret=a%2Bb%26c&code_verifier=" + handle + "&refresh_token=r", "client_id=x&client_secret=‹secret:a+b&c›&code_verifier=‹secret:" + handle + "›&refresh_token=‹token:r›"},
		{"password grant", "grant_type=password&username=joe&password=hunter2", "grant_type=password&username=joe&password=‹secret:hunter2›"},
		{"address within an address", "?r=https%3A%2F%2Fx%2F%3Fcode%3Dabc%26state%3D1&y=2", "?r=https%3A%2F%2Fx%2F%3Fcode%3D‹code:abc›%26state%3D1&y=2"},
		{"address within one within one", "code%253D" + handle + "%2526b", "code%253D‹code:" + handle + "›%2526b"},
		{"fragment ends a code", "?code=" + handle + "#_=_", "?code=‹code:" + handle + "›#_=_"},
		{"braces around parameters", "{client_secret=a}b, password=c}, x", "{client_secret=‹secret:a}b›, password=‹secret:c›}, x"},
		{"curl's argument", "curl -d 'client_secret=abc' -u x", "curl -d 'client_secret=‹secret:abc›' -u x"},
		{"other names", "secretary=1 decode=2 tokens=3 passwords=4 authcodes=" + handle, "secretary=1 decode=2 tokens=3 passwords=4 authcodes=" + handle},
		{"longer names", "user_password=a oauthClientSecret=b X-Refresh-Token: c", "user_password=‹secret:a› oauthClientSecret=‹secret:b› X-Refresh-Token: ‹token:c›"},
		{"assertions", "SAMLResponse=PHNhbWw%2B&assertion=abc", "SAMLResponse=‹token:PHNhbWw+›&assertion=‹token:abc›"},
		{"device flow", `"device_code":"GmRhm","user_code":"WDJB-MJHT"`, `"device_code":"‹code:GmRhm›","user_code":"‹code:WDJB-MJHT›"`},
		{"empty values", "password=&client_secret= x", "password=&client_secret= x"},
		{"password of an address", "https://joe:p%40w@host/ http://host:80/@x", "https://joe:‹secret:p@w›@host/ http://host:80/@x"},

		// JSON, and JSON within JSON.
		{"token response", `{"access_token":"` + handle + `","expires_in":3600,"refresh_token" : "x.y","id_token":null}`, `{"access_token":"‹token:` + handle + `›","expires_in":3600,"refresh_token" : "‹token:x.y›","id_token":null}`},
		{"quotes within", `{"password":"a\"b c","x":1}`, `{"password":"‹secret:a"b c›","x":1}`},
		{"over lines", "{\"client_secret\":\n  \"abc\"}", "{\"client_secret\":\n  \"‹secret:abc›\"}"},
		{"numbers and literals", `{"password":12345,"secret":true,"token":{},"code":5}`, `{"password":‹secret:12345›,"secret":true,"token":{},"code":5}`},
		{"escaped", `{"m":"{\"client_secret\":\"a\\\"b\",\"x\":1}"}`, `{"m":"{\"client_secret\":\"‹secret:a"b›\",\"x\":1}"}`},
		{"escaped by code points", `"\u0022client_secret\u0022:\u0022abc\u0022"`, `"\u0022client_secret\u0022:\u0022‹secret:abc›\u0022"`},
		{"address in JSON", `"https://x/?a=1\u0026code=` + handle + `\u0026state=1"`, `"https://x/?a=1\u0026code=‹code:` + handle + `›\u0026state=1"`},
		{"percent-encoded JSON", `%7B%22client_secret%22%3A%22a%20b%22%7D`, `%7B%22client_secret%22%3A%22‹secret:a b›%22%7D`},
		{"behind an escaped line break", `"a\nclient_secret=abc\npassword=x"`, `"a\nclient_secret=‹secret:abc›\npassword=‹secret:x›"`},
		{"YAML", "client_secret: abc # note\npassword: 'a b'", "client_secret: ‹secret:abc› # note\npassword: '‹secret:a b›'"},
		{"Ruby", `{"password"=>"abc", :code=>1}`, `{"password"=>"‹secret:abc›", :code=>1}`},
		{"options", "x --client-secret abc --password 'a b' --token --password=x - password abc", "x --client-secret ‹secret:abc› --password '‹secret:a b›' --token --password=‹secret:x› - password abc"},
		{"XML", "<wsse:Password>abc</wsse:Password><secret><b/></secret> secret> x", "<wsse:Password>‹secret:abc›</wsse:Password><secret><b/></secret> secret> x"},
		{"settings", "client_secret = abc\nPassword = \"a b\"; x\ntoken = if password == nil", "client_secret = ‹secret:abc›\nPassword = \"‹secret:a b›\"; x\ntoken = if password == nil"},
		{"page of form_post", `<input type="hidden" name="code" value="` + handle + `" /><input name='access_token' value='abc'><input name="state" value="x">`, `<input type="hidden" name="code" value="‹code:` + handle + `›" /><input name='access_token' value='‹token:abc›'><input name="state" value="x">`},
		{"page of form_post in JSON", `"text":"<input name=\"refresh_token\" value=\"a b\"> \u003cinput name=\u0022password\u0022 value=\u0022abc\u0022"`, `"text":"<input name=\"refresh_token\" value=\"‹token:a b›\"> \u003cinput name=\u0022password\u0022 value=\u0022‹secret:abc›\u0022"`},
		{"hidden already", `password=**** "client_secret":"***" password=a***`, `password=**** "client_secret":"***" password=‹secret:a***›`},

		// Headers.
		{"Bearer", "Authorization: Bearer " + handle, "Authorization: Bearer ‹token:" + handle + "›"},
		{"Basic", "authorization: basic dXNlcjpwYXNz", "authorization: basic ‹secret:dXNlcjpwYXNz›"},
		{"Digest", `Authorization: Digest username="a", response="b"` + "\nx", `Authorization: Digest ‹secret:username="a", response="b"›` + "\nx"},
		{"unknown scheme", "Authorization: Own " + handle + "; Authorization: denied for x", "Authorization: Own ‹token:" + handle + "›; Authorization: denied for x"},
		{"header as an argument", `-H 'Authorization: Bearer abc' -H "Proxy-Authorization: Bearer a'b"`, `-H 'Authorization: Bearer ‹token:abc›' -H "Proxy-Authorization: Bearer ‹token:a'b›"`},
		{"header in JSON", `{"Authorization":"Bearer abc","x":1}`, `{"Authorization":"Bearer ‹token:abc›","x":1}`},
		{"Bearer alone", "sent Bearer " + handle + " and Basic dXNlcjpwYXNz", "sent Bearer ‹token:" + handle + "› and Basic ‹secret:dXNlcjpwYXNz›"},
		{"words", "Bearer token_required, Basic authentication, token_type=Bearer", "Bearer token_required, Basic authentication, token_type=Bearer"},
		{"keys of an API", "Ocp-Apim-Subscription-Key: abc\nX-Api-Key: abc api_key=abc&apikey=abc&APIKey=abc&monkey=abc", "Ocp-Apim-Subscription-Key: ‹secret:abc›\nX-Api-Key: ‹secret:abc› api_key=‹secret:abc›&apikey=‹secret:abc›&APIKey=‹secret:abc›&monkey=abc"},
		{"Cookie", "Cookie: idsrv=abc; a=\"b c\"; e=\nx=1; y=2", "Cookie: idsrv=‹cookie:abc›; a=\"‹cookie:b c›\"; e=\nx=1; y=2"},
		{"Set-Cookie", "set-cookie: idsrv=abc; path=/; secure\n", "set-cookie: idsrv=‹cookie:abc›; path=/; secure\n"},
		{"Cookie in JSON", `{"Cookie":"a=b; c=d","x":"e=f"}`, `{"Cookie":"a=‹cookie:b›; c=‹cookie:d›","x":"e=f"}`},
		{"Cookie as an argument", `-H 'Cookie: a=b; c=d' -d x=y`, `-H 'Cookie: a=‹cookie:b›; c=‹cookie:d›' -d x=y`},

		// HTTP archives.
		{"pairs", "{\"name\": \"client_secret\",\n \"value\": \"a+b\"}, {\"name\":\"x\",\"value\":\"y\"}", "{\"name\": \"client_secret\",\n \"value\": \"‹secret:a+b›\"}, {\"name\":\"x\",\"value\":\"y\"}"},
		{"headers", `{"name":"authorization","value":"Bearer abc"},{"name":"Cookie","value":"a=b; c=d"}`, `{"name":"authorization","value":"Bearer ‹token:abc›"},{"name":"Cookie","value":"a=‹cookie:b›; c=‹cookie:d›"}`},
		{"several Set-Cookie", `{"name":"set-cookie","value":"a=b; path=/\nc=d; secure"}`, `{"name":"set-cookie","value":"a=‹cookie:b›; path=/\nc=‹cookie:d›; secure"}`},
		{"cookies", "\"cookies\": [\n {\"name\":\"a\", \"value\":\"b\\\"c\", \"path\":\"/\"},\n {\"name\":\"d\",\"value\":\"\"}\n], \"value\":\"kept\"", "\"cookies\": [\n {\"name\":\"a\", \"value\":\"‹cookie:b\"c›\", \"path\":\"/\"},\n {\"name\":\"d\",\"value\":\"\"}\n], \"value\":\"kept\""},
		{"no cookies", `"cookies": [], "value": "kept"`, `"cookies": [], "value": "kept"`},
		{"cookies that are none", `"cookies": [ <b>, "value": "kept"`, `"cookies": [ <b>, "value": "kept"`},
		{"post data", `"text": "grant_type=authorization_code&code=` + handle + `&client_secret=x"`, `"text": "grant_type=authorization_code&code=‹code:` + handle + `›&client_secret=‹secret:x›"`},
	}...)
}

func TestRedact(t *testing.T) {
	for _, tt := range redactions() {
		t.Run(tt.name, func(t *testing.T) {
			want := filled(tt.want)
			got := redacted(t, tt.text, RedactOptions{})
			if got != want {
				t.Errorf("redacted to\n%s\nwant\n%s", got, want)
			}
			if again := redacted(t, got, RedactOptions{Personal: true}); again != redacted(t, want, RedactOptions{Personal: true}) || !strings.Contains(tt.name, "address") && redacted(t, got, RedactOptions{}) != got {
				t.Errorf("redacted once more to\n%s", again)
			}
		})
	}
}

func TestRedactPersonal(t *testing.T) {
	const subject = "1001|5F1C0000-0000-4000-8000-0000000000aa|%s|SIMS|7a1e0000-0000-4000-8000-0000000000bb"
	for _, tt := range []struct{ name, text, want string }{
		{"names", `username=Joe&x=1 "preferred_username":"joe" login_hint=joe%40x.example user: joe`, `username=‹name:joe›&x=1 "preferred_username":"‹name:joe›" login_hint=‹name:joe@x.example› user: ‹name:joe›`},
		{"addresses", "from Joe.B+x@school.example, a%40b.example and <c@d.e.example>.", "from ‹name:joe.b+x@school.example›, ‹name:a@b.example› and <‹name:c@d.e.example›>."},
		{"no addresses", "root@localhost x@y@ @z.example a@1.2.3.4 v@1.0", "root@localhost x@y@ @z.example a@1.2.3.4 v@1.0"},
		{"behind an escape", `"\njoe@x.example" u%3Djoe@x.example`, `"\n‹name:joe@x.example›" u%3D‹name:joe@x.example›`},
		{"subject", strings.ReplaceAll(subject, "%s", "head"), strings.ReplaceAll(subject, "%s", "‹name:head›")},
		{"subject, encoded", strings.ReplaceAll(strings.ReplaceAll(subject, "%s", "head"), "|", "%7C"), strings.ReplaceAll(strings.ReplaceAll(subject, "%s", "‹name:head›"), "|", "%7C")},
		{"local parts, encoded", `joe%2Bx%40y.example joe%2540x.example joe\u0040x.example joe&#64;x.example`, `‹name:joe+x@y.example› ‹name:joe@x.example› ‹name:joe@x.example› ‹name:joe@x.example›`},
		{"names of people", `{"name":"Helen Head"} "{\"name\":\"Head\"}" ?name=Helen+Head&x=%26name%3DHead <name>Helen Head</name> name: Helen Head`, `{"name":"‹name:helen head›"} "{\"name\":\"‹name:head›\"}" ?name=‹name:helen+head›&x=%26name%3D‹name:head› <name>‹name:helen head›</name> name: ‹name:helen› Head`},
		{"names of things", `{"name":"Content-Type","value":"text/plain"} {"value":"x","name":"Accept"} <input name="scope"> name=worker name: web-1 "name":{"a":1}`, `{"name":"Content-Type","value":"text/plain"} {"value":"x","name":"Accept"} <input name="scope"> name=worker name: web-1 "name":{"a":1}`},
		{"parts of a form", "form-data; name=\"username\"\r\n\r\njoe\r\n--b", "form-data; name=\"username\"\r\n\r\n‹name:joe›\r\n--b"},
		{"XML", `<user login="joe" displayName="Joe B"/><NameID Format="x">joe</NameID><a:FirstName>Joe B</a:FirstName>`, `<user login="‹name:joe›" displayName="‹name:joe b›"/><NameID Format="x">‹name:joe›</NameID><a:FirstName>‹name:joe b›</a:FirstName>`},
		{"pairs", `{"name":"username","value":"joe"},{"value":"joe","name":"login_hint"}`, `{"name":"username","value":"‹name:joe›"},{"value":"‹name:joe›","name":"login_hint"}`},
		{"claims alone", b64(`{"iss":"a","sub":"1|head"}`) + " " + b64(`{"version":3,"file":"abc"}`), "‹encoded:" + b64(`{"iss":"a","sub":"1|head"}`) + "› " + b64(`{"version":3,"file":"abc"}`)},
		{"organisation", "c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S", "c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := redacted(t, tt.text, RedactOptions{Personal: true}), filled(tt.want); got != want {
				t.Errorf("redacted to\n%s\nwant\n%s", got, want)
			}
			if got := redacted(t, tt.text, RedactOptions{}); got != tt.text {
				t.Errorf("without --personal redacted to\n%s", got)
			}
		})
	}
}

// Whoever doesn't have the key can't find out a value by trying.
func TestHashNeedsTheKey(t *testing.T) {
	var a, b bytes.Buffer
	for key, w := range map[string]*bytes.Buffer{"one key": &a, "another": &b} {
		if _, err := Redact(t.Context(), w, strings.NewReader("password=hunter2"), RedactOptions{Key: []byte(key)}); err != nil {
			t.Fatal(err)
		}
	}
	if a.String() == b.String() || a.Len() != b.Len() {
		t.Errorf("%s and %s", &a, &b)
	}
}

func TestRedactSummary(t *testing.T) {
	text := "a\n" + sample + "\npassword=x&password=y"
	sum, err := Redact(t.Context(), new(bytes.Buffer), strings.NewReader(text), RedactOptions{Key: key})
	want := Summary{Bytes: int64(len(text)), Lines: 3, Found: map[string]int64{"jwt": 1, "secret": 2}}
	if err != nil || !equal(sum, want) {
		t.Errorf("summary %+v, %v, want %+v", sum, err, want)
	}
}
