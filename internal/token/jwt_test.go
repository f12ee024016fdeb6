package token_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

// vectors returns the tokens of testdata/rfc.json by their ids.
func vectors(t testing.TB) map[string]string {
	t.Helper()
	b, err := os.ReadFile("testdata/rfc.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct{ ID, Token string }
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, v := range file.Vectors {
		all[v.ID] = v.Token
	}
	return all
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// compact makes a token of a header and a payload as they stand.
func compact(header, payload string) string { return b64(header) + "." + b64(payload) + ".c2ln" }

func TestParseJWTOfTheRFCs(t *testing.T) {
	// The payload of RFC 7519 section 3.1, with its line breaks.
	const payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
	claims, err := token.ParseObject([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		id        string
		algorithm string
		typ       string
		signature int // length
	}{
		{"rfc7515-a1", "HS256", "JWT", 32},
		{"rfc7515-a2", "RS256", "", 256},
		{"rfc7515-a3", "ES256", "", 64},
		{"rfc7515-a5", "none", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			raw := vectors(t)[tt.id]
			got, err := token.ParseJWT(raw)
			if err != nil {
				t.Fatal(err)
			}
			last := strings.LastIndexByte(raw, '.')
			signature, err := base64.RawURLEncoding.DecodeString(raw[last+1:])
			if err != nil {
				t.Fatal(err)
			}
			header64, _, _ := strings.Cut(raw, ".")
			headerText, err := base64.RawURLEncoding.DecodeString(header64)
			if err != nil {
				t.Fatal(err)
			}
			header, err := token.ParseObject(headerText)
			if err != nil {
				t.Fatal(err)
			}
			want := &token.JWT{
				Raw: token.NewSecret(raw), Header: token.Header{Object: header}, Claims: token.Unverified{Object: claims},
				Payload: []byte(payload), SigningInput: []byte(raw[:last]), Signature: signature,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("ParseJWT differs from the RFC's parts: %q, %q", got.Payload, got.SigningInput)
			}
			if len(signature) != tt.signature || got.Header.Algorithm() != tt.algorithm || got.Header.Type() != tt.typ || got.Header.KeyID() != "" {
				t.Errorf("signature of %d bytes, alg %q, typ %q", len(signature), got.Header.Algorithm(), got.Header.Type())
			}
			if exp, ok := got.Claims.Time("exp"); !ok || !exp.Equal(time.Unix(1300819380, 0)) {
				t.Errorf("exp is %v, %t", exp, ok)
			}
		})
	}
}

func TestParseJWTEncrypted(t *testing.T) {
	_, err := token.ParseJWT(vectors(t)["rfc7519-a1"])
	if !errors.Is(err, token.ErrEncrypted) {
		t.Errorf("RFC 7519 A.1 gives %v, want ErrEncrypted", err)
	}
}

func TestParseJWTRefuses(t *testing.T) {
	const header, payload = `{"alg":"RS256"}`, `{"sub":"x"}`
	good := compact(header, payload)
	parts := strings.Split(good, ".")
	tests := []struct {
		name, raw string
		want      token.FormError
	}{
		{"nothing", "", token.FormError{Part: "token", Problem: "is empty"}},
		{"too long", compact(header, `{"a":"`+strings.Repeat("x", token.MaxJWT)+`"}`), token.FormError{Part: "token", Problem: "is longer than 1 MiB"}},
		{"one part", parts[0], token.FormError{Part: "token", Problem: "has one part where a JWT has three, joined by dots"}},
		{"two parts", parts[0] + "." + parts[1], token.FormError{Part: "token", Problem: "has 2 parts where a JWT has three, joined by dots"}},
		{"four parts", good + ".", token.FormError{Part: "token", Problem: "has 4 parts where a JWT has three, joined by dots"}},
		{"five parts without enc", good + ".YQ.YQ", token.FormError{Part: "token", Problem: "has 5 parts where a JWT has three, joined by dots"}},
		{"only dots", "..", token.FormError{Part: "header", Problem: "is no valid JSON"}},
		{"a million dots", strings.Repeat(".", token.MaxJWT), token.FormError{Part: "token", Problem: "has 1048577 parts where a JWT has three, joined by dots"}},
		{"padded header", parts[0] + "==." + parts[1] + ".", token.FormError{Part: "header", Problem: "is padded with =, which a JWT never is"}},
		{"padded signature", parts[0] + "." + parts[1] + ".YQ==", token.FormError{Part: "signature", Problem: "is padded with =, which a JWT never is"}},
		{"standard alphabet", parts[0] + "." + parts[1] + ".a+/a", token.FormError{Part: "signature", Problem: "is written in the standard base64 alphabet, not in base64url"}},
		{"leading space", " " + good, token.FormError{Part: "header", Problem: "holds white space: the token may have been wrapped when it was copied"}},
		{"line break within", parts[0] + "." + parts[1][:4] + "\n" + parts[1][4:] + "." + parts[2], token.FormError{Part: "payload", Problem: "holds white space: the token may have been wrapped when it was copied"}},
		{"carriage return at the end", good + "\r", token.FormError{Part: "signature", Problem: "holds white space: the token may have been wrapped when it was copied"}},
		{"control character", parts[0] + "." + parts[1] + ".\x00", token.FormError{Part: "signature", Problem: "holds a character outside base64url"}},
		{"letter outside ASCII", parts[0] + "." + parts[1] + ".é", token.FormError{Part: "signature", Problem: "holds a character outside base64url"}},
		{"invalid UTF-8 outside", parts[0] + "." + parts[1] + ".\xff", token.FormError{Part: "signature", Problem: "holds a character outside base64url"}},
		{"cut", parts[0] + "." + parts[1] + ".YWFhY", token.FormError{Part: "signature", Problem: "has a length that base64url cannot have: it may have been cut"}},
		{"stray bits", parts[0] + "." + parts[1] + ".YR", token.FormError{Part: "signature", Problem: "is not the canonical base64url of anything: its last character carries stray bits"}},
		{"header is text", compact("RS256", payload), token.FormError{Part: "header", Problem: "is no valid JSON"}},
		{"header is an array", compact("[]", payload), token.FormError{Part: "header", Problem: "is JSON, but no object"}},
		{"payload is no JSON, RFC 7515 A.4", vectors(t)["rfc7515-a4"], token.FormError{Part: "payload", Problem: "is no valid JSON"}},
		{"payload is empty", compact(header, ""), token.FormError{Part: "payload", Problem: "is no valid JSON"}},
		{"payload names a member twice", compact(header, `{"exp":1,"exp":2}`), token.FormError{Part: "payload", Problem: "names a member twice"}},
		{"header names a member twice by an escape", compact(`{"alg":"RS256","\u0061lg":"none"}`, payload), token.FormError{Part: "header", Problem: "names a member twice"}},
		{"payload is no UTF-8", compact(header, "{\"sub\":\"\xff\"}"), token.FormError{Part: "payload", Problem: "is not valid UTF-8"}},
		{"something behind the payload", compact(header, payload+"{}"), token.FormError{Part: "payload", Problem: "is no valid JSON"}},
		{"payload too deep", compact(header, `{"a":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+"}"), token.FormError{Part: "payload", Problem: "is nested more than 100 deep"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := token.ParseJWT(tt.raw)
			got, ok := errors.AsType[*token.FormError](err)
			if !ok || *got != tt.want {
				t.Errorf("got %v, want %v", err, &tt.want)
			}
		})
	}
}

func TestParseJWTErrorsHoldNoText(t *testing.T) {
	const mark = "TOPSECRET"
	for _, raw := range []string{
		mark, mark + "." + mark, mark + "." + mark + "." + mark, mark + " " + mark + "..",
		compact(`{"`+mark+`":1,"`+mark+`":2}`, "{}"), compact("{}", `{"`+mark), compact("{}", mark), "a." + mark + "!.b",
		compact(`{"enc":"`+mark+`"}`, mark) + "." + mark + "." + mark,
	} {
		if _, err := token.ParseJWT(raw); err == nil || strings.Contains(err.Error(), mark) || strings.Contains(err.Error(), b64(mark)[:8]) {
			t.Errorf("error of %q: %v", raw, err)
		}
	}
}

func TestJWTIsNotPrinted(t *testing.T) {
	raw := compact(`{"alg":"RS256"}`, `{"sub":"somebody"}`)
	parsed, err := token.ParseJWT(raw)
	if err != nil {
		t.Fatal(err)
	}
	type outer struct {
		Value   token.JWT
		Pointer *token.JWT
	}
	o := outer{*parsed, parsed}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got, want := fmt.Sprintf(verb, parsed), "[JWT]"; got != want {
			t.Errorf("%s gives %q, want %q", verb, got, want)
		}
		got := fmt.Sprintf(verb, o)
		for _, part := range []any{raw, raw[:10], []byte("somebody"), []byte("sig")} {
			if strings.Contains(got, strings.Trim(fmt.Sprintf(verb, part), "[]")) {
				t.Errorf("%s within a struct gives %q", verb, got)
			}
		}
	}
	got, err := json.Marshal(o)
	if want := `{"Value":"[JWT]","Pointer":"[JWT]"}`; err != nil || string(got) != want {
		t.Errorf("json.Marshal gives %s, %v, want %s", got, err, want)
	}
}

func TestMarkVerifiedKeepsClaims(t *testing.T) {
	parsed, err := token.ParseJWT(compact("{}", `{"b":1,"a":2}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := parsed.Claims.InsecureMarkVerified(); !reflect.DeepEqual(got.Object, parsed.Claims.Object) {
		t.Errorf("claims changed: %v", got)
	}
}

func TestClassify(t *testing.T) {
	rfc := vectors(t)
	const handle = "0123456789abcdef0123456789abcdef"
	tests := []struct {
		name, raw string
		want      token.Form
	}{
		{"JWT", rfc["rfc7515-a2"], token.FormJWT},
		{"unsecured JWT", rfc["rfc7515-a5"], token.FormJWT},
		{"JWT with a broken payload", b64(`{"alg":"RS256"}`) + ".!.", token.FormJWT},
		{"encrypted JWT", rfc["rfc7519-a1"], token.FormEncryptedJWT},
		{"five parts without enc", compact(`{"alg":"RS256"}`, "{}") + ".YQ.YQ", token.FormOpaque},
		{"handle", handle, token.FormHandle},
		{"upper-case handle", strings.ToUpper(handle), token.FormOpaque},
		{"33 digits", handle + "0", token.FormOpaque},
		{"three parts of no JWT", "a.b.c", token.FormOpaque},
		{"version number", "1.2.3", token.FormOpaque},
		{"empty", "", token.FormOpaque},
		{"GitHub's", "gho_16C7e42F292c6912E7710c838347Ae178B4a", token.FormOpaque},
		{"too long", strings.Repeat("a", token.MaxJWT+1), token.FormOpaque},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := token.Classify(tt.raw); got != tt.want {
				t.Errorf("Classify = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFormDescribe(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range []token.Form{token.FormJWT, token.FormEncryptedJWT, token.FormHandle, token.FormOpaque} {
		if seen[f.Describe()] {
			t.Errorf("two forms are described as %q", f.Describe())
		}
		seen[f.Describe()] = true
	}
	if got, want := token.Form("").Describe(), token.FormOpaque.Describe(); got != want {
		t.Errorf("the zero form is described as %q, want %q", got, want)
	}
}

func FuzzParseJWT(f *testing.F) {
	for _, raw := range vectors(f) {
		f.Add(raw)
	}
	f.Add(compact(`{"alg":"RS256","typ":"JWT"}`, `{"iss":"https://a/","aud":["x"],"exp":1e3}`))
	f.Add(compact(`{"alg":"RS256","alg":"none"}`, `{}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		form := token.Classify(raw)
		parsed, err := token.ParseJWT(raw)
		if (err == nil) && form != token.FormJWT || errors.Is(err, token.ErrEncrypted) != (form == token.FormEncryptedJWT) {
			t.Fatalf("Classify says %q, ParseJWT %v", form, err)
		}
		if err != nil {
			return
		}
		// One token has one spelling: what was taken apart gives the same text again.
		again := string(parsed.SigningInput) + "." + base64.RawURLEncoding.EncodeToString(parsed.Signature)
		_, payload64, _ := strings.Cut(string(parsed.SigningInput), ".")
		if again != raw || parsed.Raw.Reveal() != raw || payload64 != base64.RawURLEncoding.EncodeToString(parsed.Payload) {
			t.Fatalf("%q was taken for %q", raw, again)
		}
		if !json.Valid(parsed.Payload) || !bytes.HasPrefix(bytes.TrimSpace(parsed.Payload), []byte("{")) {
			t.Fatalf("payload is no object: %q", parsed.Payload)
		}
	})
}
