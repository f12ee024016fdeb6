package render_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	simsidtoken "github.com/simsid/simsid/internal/token"
)

// hostile sets the window's title, turns the writing direction, colours by a C1 control, and begins a line of its own.
const hostile = "\x1b]0;x\x07<b>\u202e\u009b31m\u2028\u200b\r\n\x7f"

// notUTF8 holds a C1 control as a lone byte besides.
const notUTF8 = hostile + "\x9b31m\xff"

func hostileObject(t *testing.T) simsidtoken.Object {
	t.Helper()
	inner := map[string]any{hostile: []any{hostile, map[string]any{hostile: hostile}, 1}}
	members := map[string]any{hostile: hostile, "inner": inner, "list": []any{hostile, inner}}
	for _, name := range []string{"name", "email", "sub", "preferred_username", "scope", "exp", "idp"} {
		members[name] = hostile
	}
	members["sub"] = strings.Repeat(hostile+"|", 4) + hostile
	b, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return object(t, string(b))
}

// poison fills every text below v with hostile ones, one element in every list, and true in every bool.
func poison(t *testing.T, v reflect.Value) {
	t.Helper()
	object := hostileObject(t)
	switch v.Interface().(type) {
	case simsidtoken.Object:
		v.Set(reflect.ValueOf(object))
		return
	case simsidtoken.Secret:
		v.Set(reflect.ValueOf(simsidtoken.NewSecret(notUTF8)))
		return
	case *simsidtoken.JWT:
		b, err := object.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		v.Set(reflect.ValueOf(jwt(t, string(b), string(b))))
		return
	case *simsidtoken.Verified:
		claims := simsidtoken.Unverified{Object: object}.InsecureMarkVerified()
		v.Set(reflect.ValueOf(&claims))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(notUTF8)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for _, f := range v.Fields() {
			if f.CanSet() {
				poison(t, f)
			}
		}
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), 2, 2)
		for i := range 2 {
			poison(t, list.Index(i))
		}
		v.Set(list)
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		poison(t, p.Elem())
		v.Set(p)
	default:
	}
}

// poisoned returns every view with nothing but hostile texts, in as many shapes as it takes to reach all of their text.
func poisoned(t *testing.T) map[string]render.View {
	views := map[string]render.View{}
	for name, sample := range samples(t) {
		v := reflect.New(reflect.TypeOf(sample)).Elem()
		poison(t, v)
		view, ok := reflect.TypeAssert[render.View](v)
		if !ok {
			t.Fatalf("%s is no view", name)
		}
		views[v.Type().Name()] = view
		switch x := view.(type) {
		case render.Decoded:
			views["Decoded, a token that can be read"] = readable(x, nil)
			views["Decoded, verified"] = readable(x, func(d *render.DecodedToken) { d.Unverified = "" })
			views["Decoded, failed checks"] = readable(x, func(d *render.DecodedToken) {
				d.Verification.Claims = nil
				for i := range d.Verification.Checks {
					d.Verification.Checks[i].Outcome = provider.Failed
				}
			})
		case render.SignedIn:
			x.SIMS, x.Title = false, ""
			views["SignedIn, not SIMS ID"] = x
		case render.LoggedOut:
			x.Steps[0].Done = false
			views["LoggedOut, not done"] = x
		case render.ProfileShown:
			x.Settings[0].List = false
			views["ProfileShown, no list"] = x
		case render.Introspected:
			x.Result.Active = false
			views["Introspected, inactive"] = x
		case render.Refreshed:
			quoted := `"` + strings.ReplaceAll(notUTF8, "\x1b", "") + `"`
			x.Changes = append(x.Changes, sims.Difference{Claim: "x", Before: json.RawMessage("\"\\u009b31m\u202e\""), Now: json.RawMessage(quoted)})
			views["Refreshed, JSON text"] = x
		}
	}
	for name, view := range views {
		if x, ok := view.(render.SignedIn); ok {
			x.Memberships = x.Memberships[:1]
			views[name+", one organisation"] = x
			x.Memberships = memberships(hostile+"|"+hostile+"|S", school)
			views[name+", another"] = x
		}
	}
	return views
}

func readable(v render.Decoded, change func(*render.DecodedToken)) render.Decoded {
	v.Tokens = slices.Clone(v.Tokens)
	for i, t := range v.Tokens {
		t.Opaque = ""
		verification := *t.Verification
		verification.Checks = slices.Clone(verification.Checks)
		t.Verification = &verification
		if change != nil {
			change(&t)
		}
		v.Tokens[i] = t
	}
	return v
}

// own are the escapes that the theme may write.
func own() *regexp.Regexp { return regexp.MustCompile(`\x1b\[[0-9;]*m`) }

func TestHostileTextNeverReachesTheScreen(t *testing.T) {
	forms := map[string]render.Options{
		"plain":  {Width: 80},
		"wide":   {Width: 120},
		"narrow": {Width: 1},
		"colour": {Color: true},
		"json":   {JSON: true},
		"jq":     {JQ: "., (.. | strings)"},
	}
	for name, view := range poisoned(t) {
		for form, options := range forms {
			t.Run(name+"/"+form, func(t *testing.T) {
				options.Now = now
				var b bytes.Buffer
				if err := render.Write(t.Context(), &b, view, options); err != nil {
					t.Fatal(err)
				}
				out := b.String()
				if options.Color {
					out = own().ReplaceAllString(out, "")
				}
				wantHarmless(t, out)
				if options.JSON && !json.Valid(b.Bytes()) {
					t.Errorf("not JSON: %s", out)
				}
			})
		}
	}
}

// wantHarmless fails for anything but line breaks and what has a look.
func wantHarmless(t *testing.T, out string) {
	t.Helper()
	for i, r := range out {
		if r == '\n' {
			continue
		}
		if r == '\ufffd' && !strings.HasPrefix(out[i:], "\ufffd") {
			t.Fatalf("a byte that isn't UTF-8: %q", out[max(0, i-20):min(len(out), i+20)])
		}
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Fatalf("the character %U: %q", r, out[max(0, i-20):min(len(out), i+20)])
		}
	}
}

// In text, a line break of foreign text must not begin a line: what follows could look like ours.
func TestHostileTextBeginsNoLine(t *testing.T) {
	claims := object(t, `{"name":"Helen\nerror: forged","x\nerror: forged":["a\nerror: forged"]}`)
	for _, view := range []render.View{
		render.Userinfo{Claims: claims},
		render.SignedIn{Claims: claims, Title: "x"},
		render.Status{Rows: []render.StatusRow{{Profile: "a\nerror: forged", State: "b\nerror: forged"}}},
	} {
		var b bytes.Buffer
		if err := render.Write(t.Context(), &b, view, render.Options{Width: 120}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if strings.HasPrefix(strings.TrimSpace(line), "error:") {
				t.Errorf("forged line in\n%s", b.String())
			}
		}
	}
}

// JSON means the same as before the dangerous characters were written as escapes.
func TestJSONKeepsHostileText(t *testing.T) {
	var b bytes.Buffer
	if err := render.Write(t.Context(), &b, render.Done{Action: hostile + "\U000e0041"}, render.Options{JSON: true}); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Action string }
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if want := hostile + "\U000e0041"; doc.Action != want {
		t.Errorf("got %q, want %q", doc.Action, want)
	}
	wantHarmless(t, b.String())
}

// Every type that is a view has a sample, and so a golden file and its turn above.
func TestEveryViewHasASample(t *testing.T) {
	var declared []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil && fn.Name.Name == "document" {
				if id, ok := fn.Recv.List[0].Type.(*ast.Ident); ok {
					declared = append(declared, id.Name)
				}
			}
		}
	}
	sampled := map[string]bool{}
	for _, v := range samples(t) {
		sampled[reflect.TypeOf(v).Name()] = true
	}
	slices.Sort(declared)
	if got := slices.Sorted(maps.Keys(sampled)); !slices.Equal(got, declared) {
		t.Errorf("samples of %q, views %q", got, declared)
	}
}
