package provider

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// traceFull is what an answer is shown as once there is no room for more secrets.
const traceFull = "not shown: the provider has sent more values than can be kept masked"

// learn remembers values that went out, or came through the browser, and aren't shown: so they stay masked where a server repeats them.
func (t *Trace) learn(values url.Values) {
	for name, list := range values {
		if !isShownField(name) {
			t.secrets.addAll(name, list)
		}
	}
}

// learnBasic remembers a client secret, as it is and as it went out.
func (t *Trace) learnBasic(credentials string) {
	t.secrets.add(credentials)
	decoded, _ := base64.StdEncoding.DecodeString(credentials) // as far as it goes
	_, sent, _ := strings.Cut(string(decoded), ":")
	t.secrets.add(sent)
	secret, _ := url.QueryUnescape(sent)
	t.secrets.add(secret)
}

// meet remembers what an answer holds and a trace doesn't show, however deep it lies.
func (t *Trace) meet(resp *http.Response, body []byte) {
	if to, err := url.Parse(resp.Header.Get("Location")); err == nil {
		for name, values := range to.Query() {
			for _, v := range values {
				t.remember(name, v, isShownField(name))
			}
		}
	}
	var value any
	if json.Unmarshal(body, &value) == nil { // what can't be read isn't shown
		t.rememberAll("", value, false)
	}
}

// rememberAll remembers the texts in a value of JSON. Lists of what a provider can do are no secrets, and name what others show.
func (t *Trace) rememberAll(name string, value any, shown bool) {
	switch value := value.(type) {
	case string:
		t.remember(name, value, shown)
	case []any:
		for _, v := range value {
			t.rememberAll(name, v, shown || strings.HasSuffix(name, "_supported"))
		}
	case map[string]any:
		for name, v := range value {
			t.rememberAll(name, v, isShownMember(name))
		}
	}
}

// remember keeps a value of the provider's in mind, as long as there is room.
func (t *Trace) remember(name, v string, shown bool) {
	credential := isCredential(name)
	if shown || t.secrets.knows(v, credential) || !credential && len(v) < secretOther {
		return
	}
	t.met++
	t.size += len(v)
	if t.met > traceSecrets || t.size > traceBytes {
		t.full = true
		return
	}
	t.secrets.addAll(name, []string{v})
}

// shown prepares text that is on a list.
func (t *Trace) shown(s string) string {
	return visible(clip(t.secrets.masked(s, traceValue), traceValue))
}

// foreign prepares words that a provider's text may be in.
func (t *Trace) foreign(s string) string {
	if t.full {
		return traceFull
	}
	return t.shown(s)
}

// named prepares the name of something.
func (t *Trace) named(s string) string {
	return visible(clip(t.secrets.masked(s, traceName), traceName))
}
