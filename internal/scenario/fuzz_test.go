package scenario

import (
	"errors"
	"testing"

	"github.com/simsid/simsid/internal/emulator"
)

// Whatever a file holds, it is a scenario that an emulator can be made of, or an error that says where.
func FuzzParse(f *testing.F) {
	f.Add(Example(emulator.SiteSTS))
	f.Add([]byte(someUser + "[user.claims]\na = [\"b\"]\n"))
	f.Add([]byte(someApp + "[[client.fault]]\nkind = \"delay\"\nduration = 2\n"))
	f.Add([]byte("user = [{login = \"a\", claims = {b = \"c\"}}]\n"))
	f.Add([]byte("a.b.c = 1\n[a.b]\n[[a.b.d]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("x", data, *emulator.Builtin())
		if err != nil {
			fault, ok := errors.AsType[*Error](err)
			if !ok || fault.Problem == "" || fault.Line < 0 {
				t.Fatalf("%#v", err)
			}
			return
		}
		if problems := s.Config.Validate(); problems != nil {
			t.Fatal(problems)
		}
	})
}
