package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

// storeOptions say where logins lie and how their keys are had.
func (a *app) storeOptions() (tokenstore.Options, error) {
	dir, err := a.stateFolder("store")
	if err != nil {
		return tokenstore.Options{}, err
	}
	return tokenstore.Options{
		Dir: dir, Now: a.env.Now, After: a.env.After, Rand: a.env.Rand, Getenv: a.env.Getenv, SealKey: a.sealKey, Again: a.passphraseAgain(),
		Waiting: func(what string) { a.say("waiting for %s", what) }, NoPrompt: a.alone(), LookOnly: a.looks,
	}, nil
}

// explicitStore is the backend that a flag or the environment asks for, "" when neither does.
func (s *session) explicitStore() tokenstore.Backend {
	switch s.profile.Origins["store"].Source {
	case config.FromFlag, config.FromEnvironment:
		return tokenstore.Backend(s.profile.Store)
	case config.FromProfile, config.FromKind:
	}
	return ""
}

// openStore opens the store that the login lies in: the one on record, or that of a login which the environment begins.
func (s *session) openStore(ctx context.Context) (*tokenstore.Store, error) {
	if s.keep != nil {
		return s.keep, nil
	}
	if refresh := s.seed(); !refresh.IsZero() {
		return s.openSeeded(ctx, refresh)
	}
	return s.openKept(ctx)
}

// openKept opens the store on record.
func (s *session) openKept(ctx context.Context) (*tokenstore.Store, error) {
	if s.keep != nil {
		return s.keep, nil
	}
	o, err := s.storeOptions()
	if err != nil {
		return nil, err
	}
	st, err := tokenstore.Open(ctx, o, s.binding(), s.explicitStore())
	if isNoLogin(err) && s.forOneCommand() {
		return nil, s.keptByNobody(err)
	}
	if isNoLogin(err) {
		return nil, s.ended(err)
	}
	if is[*tokenstore.BindingError](err) {
		return nil, s.foreignLogin(err)
	}
	if err != nil {
		return nil, err
	}
	s.keep = st
	return st, nil
}

// foreignLogin says why a login that is there isn't given out, and what brings it back.
func (s *session) foreignLogin(err error) error {
	for _, key := range []string{"client_id", "issuer", "environment", "kind"} {
		if s.profile.Overridden(key) {
			return &hintedError{Code: exitLogin, Err: err, Hints: []string{
				"leave " + s.profile.Origins[key].Detail + " away to use the login that is kept",
				"or sign in for this client, with a profile of its own: simsid profile add NAME --from " + s.profile.Name,
			}}
		}
	}
	return err
}

// chooseStore opens and probes the store for a new login or a secret: what was asked for, what is on record, or what the
// profile prefers.
func (s *session) chooseStore(ctx context.Context) (*tokenstore.Store, error) {
	o, err := s.storeOptions()
	if err != nil {
		return nil, err
	}
	want := s.explicitStore()
	if want == "" {
		want = s.storeInPlaceOf(o)
	}
	st, err := tokenstore.Choose(ctx, o, s.binding(), want, tokenstore.Backend(s.profile.Store))
	if err != nil {
		return nil, err
	}
	s.keep = st
	return st, nil
}

// storeInPlaceOf is where a new login is to be kept though another store is on record; "" leaves it there.
func (s *session) storeInPlaceOf(o tokenstore.Options) tokenstore.Backend {
	r, ok, err := tokenstore.ReadRecord(o, s.profile.Name)
	switch {
	case err != nil || !ok:
	case r.SignedInAt.IsZero() && s.profile.Origins["store"].Source == config.FromProfile:
		// Nobody is signed in: the record is of an earlier login, and what the profile says by now counts.
		return tokenstore.Backend(s.profile.Store)
	case r.Backend == tokenstore.Keyring && s.profile.Store == string(tokenstore.Auto):
		// The keyring that was there at the last login may be gone, as over SSH: auto is to look again.
		return tokenstore.Auto
	}
	return ""
}

// where says where tokens are kept, with the user's home shortened as shells write it.
func (s *session) where(st *tokenstore.Store) string {
	return shortenHome(st.Where(), s.env.Getenv("HOME"))
}

func shortenHome(text, home string) string {
	if len(home) < 2 {
		return text
	}
	return strings.ReplaceAll(text, home+"/", "~/")
}

func isNoLogin(err error) bool { return errors.Is(err, tokenstore.ErrNoLogin) }

const identityPrefix = "AGE-SECRET-KEY-1"

// sealKey gives the key of the sealed file: an age identity or a passphrase, from the environment, a file it names, or
// the terminal.
func (a *app) sealKey(ctx context.Context, wanted tokenstore.KeyWanted) (tokenstore.SealKey, error) {
	if v := strings.TrimSpace(a.env.Getenv("SIMSID_STORE_KEY")); v != "" {
		if !strings.HasPrefix(v, identityPrefix) {
			return tokenstore.SealKey{}, &hintedError{Code: exitUsage, Text: "SIMSID_STORE_KEY is no age identity",
				Hints: []string{"it starts with " + identityPrefix + "; for a file that holds one use SIMSID_STORE_KEY_FILE, for a passphrase SIMSID_STORE_PASSPHRASE"}}
		}
		return tokenstore.SealKey{Identity: token.NewSecret(v)}, nil
	}
	if name := a.env.Getenv("SIMSID_STORE_KEY_FILE"); name != "" {
		return a.identityFromFile(ctx, name)
	}
	if v := a.env.Getenv("SIMSID_STORE_PASSPHRASE"); v != "" {
		return tokenstore.SealKey{Passphrase: token.NewSecret(v)}, nil
	}
	if name := a.env.Getenv("SIMSID_STORE_PASSPHRASE_FILE"); name != "" {
		return a.passphraseFromFile(ctx, name)
	}
	if wanted == tokenstore.IdentityKey || !a.canAsk() {
		return tokenstore.SealKey{}, nil
	}
	return a.askPassphrase(a.env.Interruptible(ctx), wanted == tokenstore.NewKey)
}

// passphraseFromFile reads a file that holds nothing else.
func (a *app) passphraseFromFile(ctx context.Context, name string) (tokenstore.SealKey, error) {
	v, err := a.secretFile(ctx, name)
	if err == nil {
		return tokenstore.SealKey{Passphrase: v}, nil
	}
	code := exitStore
	if is[*usageError](err) {
		code = exitUsage
	}
	return tokenstore.SealKey{}, &hintedError{Code: code, Err: err, Hints: []string{"SIMSID_STORE_PASSPHRASE_FILE names that file: give one with the passphrase, and nothing else, in it"}}
}

// identityFromFile reads a file as age-keygen writes it: comments and one identity.
func (a *app) identityFromFile(ctx context.Context, name string) (tokenstore.SealKey, error) {
	b, err := a.readFile(ctx, name)
	if err != nil {
		hints := []string{"SIMSID_STORE_KEY_FILE names that file: give the one with the key"}
		switch {
		case word.File(name) == word.Hidden:
			hints = []string{"SIMSID_STORE_KEY_FILE names a file; the key itself goes into SIMSID_STORE_KEY", "where nothing is sealed yet, make one: simsid store keygen key.txt"}
		case errors.Is(err, fs.ErrNotExist):
			hints = []string{"SIMSID_STORE_KEY_FILE names that file; where nothing is sealed yet, make it: simsid store keygen " + shellWord(name)}
		}
		return tokenstore.SealKey{}, &hintedError{Code: exitStore, Err: fmt.Errorf("read the store's key: %w", err), Hints: hints}
	}
	for line := range strings.Lines(withoutMark(string(b))) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, identityPrefix) {
			return tokenstore.SealKey{Identity: token.NewSecret(line)}, nil
		}
	}
	return tokenstore.SealKey{}, &hintedError{Code: exitUsage, Text: fmt.Sprintf("%s holds no age identity", name),
		Hints: []string{"a line of it must start with " + identityPrefix + "; make such a file: simsid store keygen NEW-FILE"}}
}

// secretFile reads a secret from a file, or from standard input for "-", where a terminal is asked without showing what is typed:
// its text without the line end.
func (a *app) secretFile(ctx context.Context, name string) (token.Secret, error) {
	var b []byte
	var err error
	switch {
	case name == "-" && a.canAsk():
		return a.askSecret(ctx, "Secret (not shown)")
	case name == "-":
		b, err = readBounded(ctx, a.env.Stdin)
	default:
		if b, err = a.readFile(ctx, name); err != nil { // what was named is wrong, not what was done with it
			return token.Secret{}, &hintedError{Code: exitUsage, Err: fmt.Errorf("read a secret: %w", err)}
		}
	}
	if err != nil {
		return token.Secret{}, fmt.Errorf("read a secret: %w", err)
	}
	return secretOf(name, string(b))
}
