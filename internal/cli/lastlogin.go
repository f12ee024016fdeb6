package cli

import (
	"context"
	"time"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// lastLogin is what is kept of the login before, none where it can't be read: a new login is about to take its place, and mustn't fail
// because of it.
func (s *session) lastLogin(ctx context.Context, store *tokenstore.Store) token.Set {
	if store.Backend() == tokenstore.Memory {
		return token.Set{}
	}
	set, err := store.LoadCached(ctx)
	if err != nil {
		return token.Set{}
	}
	return set
}

// changesSince compares the ID token of the login before with the one of now, if they are about the same user.
func changesSince(last token.Set, now token.Object) ([]sims.Difference, time.Time) {
	before, err := token.ParseJWT(last.ID.Reveal())
	if err != nil {
		return nil, time.Time{}
	}
	was, _ := before.Claims.String("sub")
	is, _ := now.String("sub")
	if same, _ := sims.SameSubject(was, is); !same {
		return nil, time.Time{}
	}
	var changes []sims.Difference
	for _, d := range render.AboutUser(sims.Compare(before.Claims.Object, now)) {
		if d.Claim != "LastLoginTimestamp" { // the user knows
			changes = append(changes, d)
		}
	}
	return changes, last.SignedInAt
}
