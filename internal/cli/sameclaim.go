package cli

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/simsid/simsid/internal/token"
)

// sameClaim reports whether two sets of claims say the same by one name. IdentityServer3 writes a list of one as a bare text, and
// the order of a list of texts means nothing; whatever else has to be the same JSON but for white space.
func sameClaim(a, b token.Object, name string) bool {
	x, y := a.Strings(name), b.Strings(name)
	if len(x) > 0 && len(y) > 0 {
		slices.Sort(x)
		slices.Sort(y)
		return slices.Equal(x, y)
	}
	v, inA := a.Get(name)
	w, inB := b.Get(name)
	return inA == inB && bytes.Equal(bare(v), bare(w))
}

// bare is JSON without the white space between its parts.
func bare(v json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return v
	}
	return b.Bytes()
}
