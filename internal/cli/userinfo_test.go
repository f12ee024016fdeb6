package cli

import (
	"reflect"
	"testing"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
)

func claimsFrom(t *testing.T, text string) token.Object {
	t.Helper()
	o, err := token.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// What says something of the token and not of the user isn't compared; a list of one and a bare text are the same, and so are lists in
// another order.
func TestCompareUserinfo(t *testing.T) {
	id := claimsFrom(t, `{"iss":"i","aud":"c","exp":1,"sub":"1|g|n|p|a","name":"A","role":["a","b"],"site":["9"],"idp":"x","address":{"b":1,"a":[2]},"multipleorganisations":"true","gone":1,"amr":["pwd"]}`)
	answer := claimsFrom(t, `{"iss":"other","sub":"1|g|n|p|b","name":"B","role":["b","a"],"site":"9","idp":"x","address":{"b": 1, "a": [ 2 ]},"multipleorganisations":true,"email":"a@b","amr":"otp","exp":2}`)
	view := render.Userinfo{Claims: answer}
	compareUserinfo(&view, id)
	view.Claims = token.Object{}
	want := render.Userinfo{
		Compared: true, Agrees: 4, Only: []string{"email"},
		Differs: []render.Difference{
			{Claim: "sub", IDToken: `"1|g|n|p|a"`, Userinfo: `"1|g|n|p|b"`},
			{Claim: "name", IDToken: `"A"`, Userinfo: `"B"`},
			{Claim: "multipleorganisations", IDToken: `"true"`, Userinfo: `true`},
		},
	}
	if !reflect.DeepEqual(view, want) {
		t.Errorf("%+v, want %+v", view, want)
	}
}
