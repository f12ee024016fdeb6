package cli

import (
	"context"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
)

// lastLogin is the login before: what is kept of it, and whose it was by the record.
type lastLogin struct {
	token.Set
	subject, name string
}

// lastLogin reads the login before, none where it can't be read: a new login is about to take its place, and mustn't fail because of it.
func (s *session) lastLogin(ctx context.Context, store *tokenstore.Store) lastLogin {
	if store.Backend() == tokenstore.Memory {
		return lastLogin{}
	}
	var last lastLogin
	if o, err := s.storeOptions(); err == nil {
		if r, ok, err := tokenstore.ReadRecord(o, s.profile.Name); ok && err == nil {
			last.subject, last.name = r.Subject, r.Name
		}
	}
	if set, err := store.LoadCached(ctx); err == nil {
		last.Set = set
	}
	return last
}

// sayReplaced says whose login the new one has taken the place of, where that was somebody else's.
func (s *session) sayReplaced(last lastLogin, now tokenstore.Record) {
	if last.subject == "" || now.Subject == "" || last.subject == now.Subject {
		return
	}
	who := atMost(last.subject, 100)
	if last.name != "" {
		who = atMost(last.name, 100) + " (" + who + ")"
	}
	s.line("note", "this login has taken the place of that of %s", who)
}

// atMost is the beginning of a foreign text, where the whole could fill the terminal.
func atMost(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// changesSince compares the ID token of the login before with the one of now, if they are about the same user.
func changesSince(last lastLogin, now token.Object) ([]sims.Difference, time.Time) {
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
