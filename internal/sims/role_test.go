package sims_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/sims"
)

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		text string
		want []sims.Role
	}{
		{`{}`, nil},
		{`{"role":null}`, nil},
		{`{"role":"admin@` + orgA + `"}`, []sims.Role{{"admin@" + orgA, "admin", orgA}}},
		{`{"role":["head teacher","a@b@` + orgA + `","x@y"]}`, []sims.Role{
			{"head teacher", "head teacher", ""}, {"a@b@" + orgA, "a@b", orgA}, {"x@y", "x@y", ""},
		}},
		{`{"role":["admin",{"a":1}]}`, []sims.Role{{Raw: `"admin"`}, {Raw: `{"a":1}`}}},
		{`{"role":7}`, []sims.Role{{Raw: "7"}}},
		{`{"role":"@` + orgA + `"}`, []sims.Role{{"@" + orgA, "@" + orgA, ""}}},
	} {
		if got := sims.Roles(claims(t, c.text)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s gives %+v, want %+v", c.text, got, c.want)
		}
	}
	m := sims.ParseMembership(userA + "|" + orgA + "|S")
	if !sims.ParseRole("admin@"+strings.ToUpper(orgA)).At(m) || sims.ParseRole("admin@"+userA).At(m) || sims.ParseRole("admin").At(sims.Membership{}) {
		t.Error("a role is at the organisation that it names, in either case, and nowhere else")
	}
}
