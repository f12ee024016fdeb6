package scan

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// signedSample is a JWT with a signature as long as those of RSA are.
var signedSample = compact(`{"alg":"RS256","kid":"a3rMUgMFv9tPclLa6yF3zAkfquE"}`, `{"iss":"https://sts.example/","sub":"1001|head","exp":1795296942}`,
	strings.Repeat("0123456789abcdef", 16))

// broken puts joint behind every n characters, and first before all.
func broken(text string, n int, joint string) string {
	var b strings.Builder
	for i := 0; i < len(text); i += n {
		if i > 0 {
			b.WriteString(joint)
		}
		b.WriteString(text[i:min(i+n, len(text))])
	}
	return b.String()
}

// joints is what is left of a token that was broken so.
func joints(text string, n int, joint string) string {
	return "‹jwt:" + text + "›" + strings.Repeat(joint, (len(text)-1)/n)
}

func each(text, form string) string {
	var b strings.Builder
	for _, c := range text {
		fmt.Fprintf(&b, form, c)
	}
	return b.String()
}

// spelledRedactions are credentials that don't stand in a text as they are.
func spelledRedactions() []struct{ name, text, want string } {
	s := signedSample
	short := compact(`{"alg":"none"}`, `{"iss":"a"}`, "x")
	header, rest, _ := strings.Cut(s, ".")
	claims, signature, _ := strings.Cut(rest, ".")
	answer := `{"access_token":"` + s + `","refresh_token":"` + handle + `"}`
	std := base64.StdEncoding.EncodeToString
	dots := func(dot string) string { return strings.ReplaceAll(s, ".", dot) }
	const key = "MIIEpAIBAAKCAQEA04up8hoqzS1+AAAA\nMIIEpAIBAAKCAQEA04up8hoqzS1+BBBB\n"
	flat := strings.ReplaceAll(key, "\n", "")
	return []struct{ name, text, want string }{
		// Laid out over lines, or put together.
		{"JWT over lines", broken(s, 76, "\n") + "\n\nend ", joints(s, 76, "\n") + "\n\nend "},
		{"JWT over lines of Windows", broken(s, 64, "\r\n") + "\r\n\r\nend ", joints(s, 64, "\r\n") + "\r\n\r\nend "},
		{"JWT over lines, other text behind", broken(s, 76, "\n") + "\n2026-11-21T10:00 GET x\n", joints(s, 76, "\n") + "\n2026-11-21T10:00 GET x\n"},
		{"JWT over indented lines", "   " + broken(s, 60, "\n   ") + "\n\n", "   " + joints(s, 60, "\n   ") + "\n\n"},
		{"JWT in a quoted mail", "> " + broken(s, 60, "\n> ") + "\n. ", "> " + joints(s, 60, "\n> ") + "\n. "},
		{"JWT with soft line breaks", broken(s, 75, "=\r\n") + "\r\n. ", joints(s, 75, "=\r\n") + "\r\n. "},
		{"parameter in quoted-printable", "access_token=3D" + broken(s, 60, "=\n") + "&x ", "access_token=3D" + joints(s, 60, "=\n") + "&x "},
		{"JWT in a shell's lines", "T=" + broken(s, 50, "\\\n") + " ", "T=" + joints(s, 50, "\\\n") + " "},
		{"JWT in lines within JSON", `"` + broken(s, 76, `\n`) + `" `, `"` + joints(s, 76, `\n`) + `" `},
		{"texts of JavaScript", `t = "` + broken(s, 50, "\" +\n  \"") + `"; `, `t = "` + joints(s, 50, "\" +\n  \"") + `"; `},
		{"texts of Java", `t = "` + broken(s, 50, "\"\n + \"") + `"; `, `t = "` + joints(s, 50, "\"\n + \"") + `"; `},
		{"texts of Python", `t = ('` + broken(s, 50, "'\n  '") + `') `, `t = ('` + joints(s, 50, "'\n  '") + `') `},
		{"texts behind a name", `access_token = "` + broken(s, 50, `" + "`) + `"; `, `access_token = "` + joints(s, 50, `" + "`) + `"; `},
		{"two JWTs in a list", `["` + s + `", "` + s + `"]` + "\n" + s + "\n" + s + "\n. ", `["‹jwt:` + s + `›", "‹jwt:` + s + `›"]` + "\n‹jwt:" + s + "›\n‹jwt:" + s + "›\n. "},
		{"JWT that is cut off at the end of a line", header + "." + claims[:40] + "\n2026-11-21T10:00 x\n", "‹jwt:" + header + "." + claims[:40] + "›\n2026-11-21T10:00 x\n"},
		{"lines that are none", "eyJhbGciOiJub25l\nnext line\n", "eyJhbGciOiJub25l\nnext line\n"},

		// Cut off at the front.
		{"claims and signature", "x " + claims + "." + signature + " y ", "x ‹jwt:" + claims + "." + signature + "› y "},
		{"end of the header", "…" + s[30:] + " y ", "…‹jwt:" + s[30:] + "› y "},
		{"end of the claims", "..." + claims[30:] + "." + signature + ". Then ", "...‹jwt:" + claims[30:] + "." + signature + "›. Then "},
		{"JSON in base64 that is no token", b64(`{"version":3,"file":"a"}`) + " ", b64(`{"version":3,"file":"a"}`) + " "},

		// Spelled otherwise.
		{"all percent-encoded", "t=" + each(short, "%%%02x") + " ", "t=‹jwt:" + short + "› "},
		{"all percent-encoded twice", each(short, "%%25%02X") + " ", "‹jwt:" + short + "› "},
		{"all escaped", `"` + each(short, `\u%04x`) + `" `, `"‹jwt:` + short + `›" `},
		{"all escaped twice", `"` + each(short, `\\u%04x`) + `" `, `"‹jwt:` + short + `›" `},
		{"all escaped by JavaScript", `"` + each(short, `\x%02x`) + `" `, `"‹jwt:` + short + `›" `},
		{"references of HTML", dots("&#46;") + " " + dots("&#x2E;") + " " + dots("&period;") + " ", "‹jwt:" + s + "› ‹jwt:" + s + "› ‹jwt:" + s + "› "},
		{"all references", each(short, "&#%d;") + " ", "‹jwt:" + short + "› "},
		{"escaped member", `{"refresh\u005ftoken":"abc", "\u0072efresh\u005ft\u006fken":"abc"} `, `{"refresh\u005ftoken":"‹token:abc›", "\u0072efresh\u005ft\u006fken":"‹token:abc›"} `},
		{"JSON in HTML", `&quot;refresh_token&quot;:&quot;a&amp;b c&quot;,&#34;password&#34;:&#34;x&#34; `, `&quot;refresh_token&quot;:&quot;‹token:a&b c›&quot;,&#34;password&#34;:&#34;‹secret:x›&#34; `},

		// In base64.
		{"body in base64", `"text":"` + std([]byte(answer)) + `","encoding":"base64" `, `"text":"‹encoded:` + b64(answer) + `›","encoding":"base64" `},
		{"form in base64", "x: " + std([]byte("a=1&client_secret=hunter2&b=some+more+text")) + " ", "x: ‹encoded:" + b64("a=1&client_secret=hunter2&b=some+more+text") + "› "},
		{"body in base64 over lines", broken(std([]byte(answer)), 76, "\n") + "\n\n. ", "‹encoded:" + b64(answer) + "›" + strings.Repeat("\n", (len(std([]byte(answer)))-1)/76) + "\n\n. "},
		{"JWT in base64", "data: " + std([]byte(s)) + " token: " + std([]byte(s)) + " ", "data: ‹jwt:" + s + "› token: ‹jwt:" + s + "› "},
		{"base64 of something else", std([]byte("broken words of no consequence, secretly spoken and decoded")) + " ", std([]byte("broken words of no consequence, secretly spoken and decoded")) + " "},

		// Pairs, in any order.
		{"value first", `{"value":"abc","name":"refresh_token"},{"Value": "abc", "x":1, "Key": "ClientSecret"} `, `{"value":"‹token:abc›","name":"refresh_token"},{"Value": "‹secret:abc›", "x":1, "Key": "ClientSecret"} `},
		{"value first, over lines", "{\n  \"value\": \"abc\",\n  \"name\": \"refresh_token\"\n} ", "{\n  \"value\": \"‹token:abc›\",\n  \"name\": \"refresh_token\"\n} "},
		{"value first, escaped", `"{\"value\":\"abc\",\"name\":\"password\"}" `, `"{\"value\":\"‹secret:abc›\",\"name\":\"password\"}" `},
		{"members between", `{"name":"refresh_token","httpOnly":true,"n":"x","value":"abc"} `, `{"name":"refresh_token","httpOnly":true,"n":"x","value":"‹token:abc›"} `},
		{"other pairs", `{"value":"abc","name":"other"} {"value":"abc"} {"value":"abc","x":{},"name":"password"} `, `{"value":"abc","name":"other"} {"value":"abc"} {"value":"abc","x":{},"name":"password"} `},
		{"attributes", `<add key="ClientSecret" value="a b" /><add value="abc" key="ClientSecret"/><input value="` + handle + `" type="hidden" name="code"> `, `<add key="ClientSecret" value="‹secret:a b›" /><add value="‹secret:abc›" key="ClientSecret"/><input value="‹code:` + handle + `›" type="hidden" name="code"> `},
		{"parts of a form", "Content-Disposition: form-data; name=\"client_secret\"\r\n\r\na b\r\n--x\n; name=\"password\"\nContent-Type: text/plain\n\nc\n--x ", "Content-Disposition: form-data; name=\"client_secret\"\r\n\r\n‹secret:a b›\r\n--x\n; name=\"password\"\nContent-Type: text/plain\n\n‹secret:c›\n--x "},
		{"parts of a form in JSON", `"text":"form-data; name=\"refresh_token\"\r\n\r\nabc\r\n--b" `, `"text":"form-data; name=\"refresh_token\"\r\n\r\n‹token:abc›\r\n--b" `},

		// Keys.
		{"RSA key", `{"kty":"RSA","n":"nnnn","e":"AQAB","d":"ab","p":"cd","q":"ef","dp":"gh","dq":"ij","qi":"kl"} `, `{"kty":"RSA","n":"nnnn","e":"AQAB","d":"‹secret:ab›","p":"‹secret:cd›","q":"‹secret:ef›","dp":"‹secret:gh›","dq":"‹secret:ij›","qi":"‹secret:kl›"} `},
		{"other keys", `"{\"k\":\"ab\",\"kty\":\"oct\"}" {"d" : "` + s[:43] + `"} `, `"{\"k\":\"‹secret:ab›\",\"kty\":\"oct\"}" {"d" : "‹secret:` + s[:43] + `›"} `},
		{"members that are none", `{"d":"2026-11-21","p":1,"q":"x","k":"v"} `, `{"d":"2026-11-21","p":1,"q":"x","k":"v"} `},
		{"key in PEM", "-----BEGIN RSA PRIVATE KEY-----\n" + key + "-----END RSA PRIVATE KEY----- ", "-----BEGIN RSA PRIVATE KEY-----\n‹secret:" + flat + "›\n\n-----END RSA PRIVATE KEY----- "},
		{"key in PEM in JSON", `"-----BEGIN PRIVATE KEY-----\n` + strings.ReplaceAll(key, "\n", `\n`) + `-----END PRIVATE KEY-----\n" `, `"-----BEGIN PRIVATE KEY-----\n‹secret:` + flat + `›\n-----END PRIVATE KEY-----\n" `},
		{"key in PEM that ends too early", "-----BEGIN PRIVATE KEY-----\nabcd\n\"x\" ", "-----BEGIN PRIVATE KEY-----\n‹secret:abcd›\n\"x\" "},
		{"public key", "-----BEGIN PUBLIC KEY-----\n" + key + "-----END PUBLIC KEY----- ", "-----BEGIN PUBLIC KEY-----\n" + key + "-----END PUBLIC KEY----- "},
		{"key of age", "# AGE-SECRET-KEY-1QQPQQ\nMESSAGE AGE ", "# ‹secret:AGE-SECRET-KEY-1QQPQQ›\nMESSAGE AGE "},

		// Commands and assertions.
		{"curl", "curl -u id:abc x; curl -s --user 'id:a b' -uid:abc --user=id:abc \n ", "curl -u id:‹secret:abc› x; curl -s --user 'id:‹secret:a b›' -uid:‹secret:abc› --user=id:‹secret:abc› \n "},
		{"other programs", "docker run -u 1000:1000 x ", "docker run -u 1000:1000 x "},
		{"sign-in of WS-Federation", `wresult=%3Ct%3A&wctx=x <input name="wresult" value="&lt;t>" /> `, `wresult=‹token:<t:›&wctx=x <input name="wresult" value="‹token:<t>›" /> `},
		{"assertion", "<saml:Assertion ID=\"a\">\n<a>b</a></saml:Assertion><x/> ", "<saml:Assertion ID=\"a\">‹token:<a>b</a>›\n</saml:Assertion><x/> "},
		{"assertion, escaped", "&lt;Assertion&gt;abc&lt;/Assertion&gt; %3Csaml%3AAssertion%3Eabc%3C%2Fsaml%3AAssertion%3E ", "&lt;Assertion&gt;‹token:abc›&lt;/Assertion&gt; %3Csaml%3AAssertion%3E‹token:abc›%3C%2Fsaml%3AAssertion%3E "},
		{"token in an element", `<o:BinarySecurityToken a="b">YWJj</o:BinarySecurityToken><Password Type="x">a b</Password> `, `<o:BinarySecurityToken a="b">‹token:YWJj›</o:BinarySecurityToken><Password Type="x">‹secret:a b›</Password> `},
	}
}

// UTF-16 comes out as it came in, but for what is redacted, whatever pieces it comes in.
func TestWide(t *testing.T) {
	const text = "é😀 client_secret=abc&x\r\nlast€"
	want := filled("é😀 client_secret=‹secret:abc›&x\r\nlast€")
	encode := func(text string, big, mark bool) []byte {
		var b []byte
		units := utf16.Encode([]rune(text))
		if mark {
			units = append([]uint16{0xfeff}, units...)
		}
		for _, u := range append(units, 0xd800) { // half of a pair
			b = Wide{big}.append(b, u)
		}
		return b
	}
	for _, tt := range []struct{ big, mark bool }{{false, true}, {true, true}, {false, false}, {true, false}} {
		in, out := encode(text, tt.big, tt.mark), encode(want, tt.big, tt.mark)
		if !tt.mark {
			in, out = encode("plain "+text, tt.big, false), encode("plain "+want, tt.big, false)
		}
		for name, r := range map[string]io.Reader{"at once": bytes.NewReader(in), "byte by byte": iotest.OneByteReader(bytes.NewReader(in))} {
			source, err := NewSource(r)
			if err != nil || source.Wide == nil {
				t.Fatalf("%+v: %+v, %v", tt, source, err)
			}
			var got bytes.Buffer
			if _, err := Redact(t.Context(), source.Wide.Writer(&got), source, RedactOptions{Key: key}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), out) {
				t.Errorf("%+v, %s: got %q, want %q", tt, name, got.Bytes(), out)
			}
		}
	}
}

// Half a character at the end is told, not dropped.
func TestWideHalf(t *testing.T) {
	source, err := NewSource(strings.NewReader("\xff\xfea\x00b"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(source); err != errHalf || string(got) != "\ufeffa" { //nolint:errorlint // it is the very one
		t.Errorf("%q, %v", got, err)
	}
}

// Of a text that is still being written, a token over several lines is waited for, and a whole one isn't.
func TestLiveLines(t *testing.T) {
	in, feed := io.Pipe()
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() {
		_, err := Redact(t.Context(), &out, in, RedactOptions{Options: Options{Workers: 2, Live: true}, Key: key})
		done <- err
	}()
	text := "x\n" + broken(signedSample, 76, "\n") + "\nend\n{\n \"value\": \"abc\",\n \"name\": \"password\"\n}\n"
	for _, line := range strings.SplitAfter(text, "\n") {
		if _, err := io.WriteString(feed, line); err != nil {
			t.Fatal(err)
		}
	}
	_ = feed.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if want := redacted(t, text, RedactOptions{}); out.String() != want || !strings.Contains(want, placeholder("secret", "abc")) {
		t.Errorf("%s", difference(out.String(), want))
	}
}
