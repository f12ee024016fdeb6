package cli

import (
	"net/url"
	"reflect"
	"testing"
)

// TestScriptedForm: only a page whose script posts hidden fields is posted; one that asks the user isn't.
func TestScriptedForm(t *testing.T) {
	for page, want := range map[string]struct {
		action string
		form   url.Values
	}{
		`<form method="post" action="/a?b=c&amp;d"><input type="hidden" name="x" value="&lt;1&gt;"><input type=hidden name=y /></form><script>s()</script>`: {
			"/a?b=c&d", url.Values{"x": {"<1>"}, "y": {""}},
		},
		`<form action="/a"><input type="hidden" name="x"></form>`:                                                                    {"", url.Values{"x": {""}}},
		`<script></script><form action="/a"><input type="hidden" name="x"><input name="user"></form>`:                                {"", nil},
		`<script></script><form action="/a"><input type="hidden" name="x"><input type="password" name="p"></form>`:                   {"", nil},
		`<style>a > b {}</style><form action="/a b"><script>x("<input>")</script><input name="x" type="hidden" value="a b" hidden/>`: {"/a b", url.Values{"x": {"a b"}}},
		`<h1>No</h1><script></script>`: {"", url.Values{}},
		`<script>`:                     {"", url.Values{}},
		`<form action="/a`:             {"", url.Values{}},
		`<script></script><form action="/a"><input type=hidden name="x" value`: {"/a", url.Values{"x": {""}}},
		``: {"", url.Values{}},
	} {
		action, form := scriptedForm(page)
		if action != want.action || !reflect.DeepEqual(form, want.form) {
			t.Errorf("%s: got %q, %v", page, action, form)
		}
	}
}
