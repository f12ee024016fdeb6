package scan

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// met is an anchor that was met.
type met struct {
	at int
	h  hit
}

func anchorsIn(a *anchors, b []byte, from int) (all []met) {
	c := &cursor{anchors: a}
	for i := from; ; i++ {
		var h hit
		if i, h = c.next(b, i, len(b)); h == 0 {
			return all
		}
		all = append(all, met{i, h})
	}
}

// What a processor finds that looks at 32 bytes at once, is what one finds that looks at each, and what a look at every place finds.
func FuzzAnchors(f *testing.F) {
	for _, tt := range redactions() {
		f.Add(strings.Repeat(tt.text, 5), uint16(len(tt.text)))
	}
	r := rand.New(rand.NewPCG(1, 2))
	long := make([]byte, 3*block)
	for i := range long {
		long[i] = "eyJ@|okens:/\\u00% -ubsc"[r.IntN(23)]
	}
	f.Add(string(long), uint16(0))
	f.Add(string(long), uint16(77))
	a := newAnchors(true, true)
	slow := *a
	slow.wide = false
	f.Fuzz(func(t *testing.T, text string, from uint16) {
		b := []byte(text)
		var want []met
		for i := int(from); i+3 <= len(b); i++ {
			if h := a.hits[hashOf(b[i:])] | a.first[b[i]]; h != 0 && a.stencil.admits(b[i:]) != 0 {
				want = append(want, met{i, h})
			}
		}
		for _, a := range []*anchors{a, &slow} {
			if got := anchorsIn(a, b, int(from)); !reflect.DeepEqual(got, want) {
				t.Fatalf("wide %t: found %v, want %v", a.wide, got, want)
			}
		}
	})
}

// No group of three bytes that is marked is passed over.
func TestAnchorsAdmit(t *testing.T) {
	a := newAnchors(true, true)
	for _, text := range []string{"eyJ", "ewo", "oke", "OKE", "okE", "SSE", "i-K", "I_k", "Bas", "://", "@..", "|\x00\xff", "%40", "upn"} {
		if got := anchorsIn(a, []byte(text), 0); len(got) != 1 || got[0].at != 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Where a run of characters ends is where the first stands that isn't one, for each byte in each place.
func TestTokenEnd(t *testing.T) {
	for c := range 256 {
		for at := range 200 {
			b := []byte(strings.Repeat("aZ09-_", 50))[:at+1+c%70]
			b[at] = byte(c)
			want := at
			if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", byte(c)) >= 0 {
				want = len(b)
			}
			if got := tokenEnd(b, 0); got != want {
				t.Fatalf("byte %d at %d of %d: ends at %d, want %d", c, at, len(b), got, want)
			}
		}
	}
}
