package cli

import (
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/tokenstore"
)

// noKeyring says of secrets that found no keyring what keeps them: nothing was saved yet, so a hint about the profile would lead nowhere.
func (a *app) noKeyring(d draft) error {
	e := &hintedError{Code: exitStore, Text: tokenstore.ErrAbsent.Error() + ", and nothing was saved", Err: tokenstore.ErrAbsent}
	e.Hints = []string{"keep the secret in a sealed file: " + a.sameWithFile() + " (with SIMSID_STORE_KEY_FILE, made by simsid store keygen FILE, or a passphrase)"}
	if !d.secret.IsZero() {
		e.Hints = append(e.Hints, "or keep none: leave the client secret away, and give it by SIMSID_CLIENT_SECRET at each login")
	}
	return e
}

// sameWithFile is the command that was given, with the sealed file in place of any other store.
func (a *app) sameWithFile() string {
	words := []string{"simsid"}
	end := slices.Index(append(slices.Clone(a.env.Args), "--"), "--")
	for i := 0; i < end; i++ {
		switch word := a.env.Args[i]; {
		case word == "--store":
			i++
		case strings.HasPrefix(word, "--store="):
		default:
			words = append(words, shellWord(word))
		}
	}
	words = append(words, "--store", "file")
	for _, word := range a.env.Args[end:] {
		words = append(words, shellWord(word))
	}
	return strings.Join(words, " ")
}

// goOn is the command that goes on where an interview ended: what was answered as flags, and the flag of what was asked last.
func (i interview) goOn(key string) string {
	name := "NAME"
	if i.draft.name != "" {
		name = i.draft.name
	}
	words := []string{"simsid profile add", name}
	for _, s := range config.Settings() {
		switch v := i.draft.values[s.Key]; {
		case s.Flag == "":
		case s.Key == key:
			words = append(words, "--"+s.Flag, "…")
		case s.Whole():
			for _, one := range v {
				words = append(words, "--"+s.Flag, shellWord(one))
			}
		case len(v) > 0:
			words = append(words, "--"+s.Flag, shellWord(strings.Join(v, " ")))
		}
	}
	return strings.Join(words, " ")
}

// announce says before the first question what will be asked, and that the secret comes last: nobody is to type it where it is shown.
func (i interview) announce(secret bool) {
	var asked []string
	if i.draft.name == "" {
		asked = append(asked, "name")
	}
	for _, q := range []struct{ key, word string }{
		{"kind", "provider"}, {"environment", "environment"}, {"issuer", "address"}, {"client_id", "client id"}, {"redirect_uri", "redirect URI"}, {"scopes", "scopes"},
	} {
		if i.draft.values[q.key] == nil {
			asked = append(asked, q.word)
		}
	}
	text := "What isn't known yet is asked in this order: " + strings.Join(asked, ", ") + "."
	if secret {
		text += " The client secret comes last, and isn't shown: type it at no other question."
	}
	i.say("%s", text)
}
