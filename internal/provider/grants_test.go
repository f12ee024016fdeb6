package provider

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/token"
)

func TestReadDeviceCode(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const whole = `"device_code":"d","user_code":"WDJB-MJHT","verification_uri":"https://a.example/device","expires_in":1800`
	want := DeviceCode{
		Code: token.NewSecret("d"), UserCode: "WDJB-MJHT", URI: "https://a.example/device", Expires: at.Add(30 * time.Minute), Interval: 5 * time.Second,
	}
	with := func(change func(*DeviceCode)) DeviceCode {
		d := want
		change(&d)
		return d
	}
	for text, want := range map[string]DeviceCode{
		whole:                       want,
		whole + `,"interval":10`:    with(func(d *DeviceCode) { d.Interval = 10 * time.Second }),
		whole + `,"interval":"7"`:   with(func(d *DeviceCode) { d.Interval = 7 * time.Second }),
		whole + `,"interval":0`:     want,
		whole + `,"interval":0.001`: with(func(d *DeviceCode) { d.Interval = time.Second }),
		`"expires_in":300000000,` + strings.Split(whole, `,"expires_in"`)[0]: with(func(d *DeviceCode) { d.Expires = at.Add(24 * time.Hour) }),
		whole + `,"interval":-1`: want,
		whole + `,"interval":{}`: want,
		whole + `,"verification_uri_complete":"https://a.example/device?c=x"`: with(func(d *DeviceCode) { d.CompleteURI = "https://a.example/device?c=x" }),
	} {
		o, err := token.ParseObject([]byte("{" + text + "}"))
		if err != nil {
			t.Fatal(err)
		}
		if got, problem := readDeviceCode(o, at); problem != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, %+v", text, problem, got)
		}
	}
	for text, want := range map[string]string{
		`"user_code":"u","verification_uri":"https://a","expires_in":1`: "an answer without device_code",
		`"device_code":7`:                            "device_code is no string",
		`"device_code":"d"`:                          "an answer whose user_code is missing or too long",
		`"device_code":"d","user_code":"\u001b[31m"`: "user_code holds characters that no token may hold",
		`"device_code":"d","user_code":"u"`:          "an answer whose verification_uri is no https address",
		`"device_code":"d","user_code":"u","verification_uri":"http://a.example/"`:                                    "an answer whose verification_uri is no https address",
		`"device_code":"d","user_code":"u","verification_uri":"https://a"`:                                            "an answer without expires_in",
		`"device_code":"d","user_code":"u","verification_uri":"https://a","expires_in":0`:                             "an answer without expires_in",
		`"device_code":"d","user_code":"u","verification_uri":"https://a","verification_uri_complete":"javascript:x"`: "an answer whose verification_uri_complete is no https address",
	} {
		o, err := token.ParseObject([]byte("{" + text + "}"))
		if err != nil {
			t.Fatal(err)
		}
		if _, problem := readDeviceCode(o, at); problem != want {
			t.Errorf("%s: expected %q, got %q", text, want, problem)
		}
	}
}

func TestTokensFromBrowser(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for query, want := range map[string]token.Set{
		"access_token=a&token_type=Bearer&expires_in=60&scope=x+y&id_token=i&code=c": {
			Access: token.NewSecret("a"), ID: token.NewSecret("i"), Type: "Bearer", Expiry: at.Add(time.Minute), Scopes: []string{"x", "y"},
		},
		"access_token=a&token_type=bearer":              {Access: token.NewSecret("a"), Type: "bearer"},
		"id_token=i&token_type=MAC&refresh_token=r":     {ID: token.NewSecret("i")},
		"access_token=a&token_type=Bearer&expires_in=x": {Access: token.NewSecret("a"), Type: "Bearer"},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := TokensFromBrowser(values, at); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", query, got, err)
		}
	}
	for query, problem := range map[string]string{
		"access_token=a":                        "an answer without token_type",
		"access_token=a&token_type=MAC":         `token_type is "MAC" instead of Bearer`,
		"access_token=a%0a&token_type=Bearer":   "access_token holds characters that no token may hold",
		"id_token=%1b[31m":                      "id_token holds characters that no token may hold",
		"access_token=%ff%fe&token_type=Bearer": "access_token holds characters that no token may hold",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = TokensFromBrowser(values, at)
		if want := (&ResponseError{Operation: "sign in", Host: "the browser", Problem: problem}); !reflect.DeepEqual(err, error(want)) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestNoDevice: where metadata doesn't list the endpoint, nothing is asked.
func TestNoDevice(t *testing.T) {
	p := &Provider{Metadata: Metadata{Issuer: "https://a.example"}, Now: time.Now, HTTP: &http.Client{}}
	_, err := p.AuthorizeDevice(t.Context(), Client{ID: "c"}, []string{"openid"}, nil)
	if e, ok := errors.AsType[*UnsupportedError](err); !ok || e.Operation != "ask for a device code" {
		t.Errorf("got %v", err)
	}
}

// TestDeviceRefused: an error is told as one, with whatever status it comes.
func TestDeviceRefused(t *testing.T) {
	for _, status := range []int{200, 400} {
		s := serve(t, map[string]http.HandlerFunc{"/device": says(status, "application/json", `{"error":"unauthorized_client"}`)})
		p := &Provider{Metadata: Metadata{DeviceEndpoint: s.URL + "/device"}, HTTP: s.Client(), Now: time.Now}
		_, err := p.AuthorizeDevice(t.Context(), Client{ID: "c"}, []string{"openid"}, nil)
		if want := (&OAuthError{Operation: opDevice, Status: status, Code: "unauthorized_client"}); !reflect.DeepEqual(err, error(want)) {
			t.Errorf("got %v", err)
		}
	}
	s := serve(t, map[string]http.HandlerFunc{"/device": says(400, "application/json", `{}`)})
	p := &Provider{Metadata: Metadata{DeviceEndpoint: s.URL + "/device"}, HTTP: s.Client(), Now: time.Now}
	_, err := p.AuthorizeDevice(t.Context(), Client{ID: "c"}, []string{"openid"}, nil)
	if want := (&ResponseError{Operation: opDevice, Host: s.host(), Status: 400, Problem: "a JSON object without an error code"}); !reflect.DeepEqual(err, error(want)) {
		t.Errorf("got %v", err)
	}
}
