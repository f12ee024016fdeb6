package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/tokenstore"
	"github.com/simsid/simsid/internal/word"
)

func newStoreCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Where tokens lie; move them",
		Long: `Shows where the tokens and secrets of each profile lie, moves them, and makes
keys for sealed files. docs/storage.md says who can read what lies there.`,
		Example: `  simsid store status
  simsid store move file -p school
  simsid store keygen ~/simsid.key`,
		GroupID: groupSetup,
		RunE:    parent,
	}
	cmd.AddCommand(newStoreStatusCmd(a), newStoreMoveCmd(a), newStoreKeygenCmd(a))
	return cmd
}

func newStoreStatusCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show where each profile's tokens and secrets lie",
		Long: `Shows for each profile which backend is in use, in which files and keyring
items its tokens and secrets lie, and what is out of the ordinary: a token too
long for the keyring, one in the emergency file, a damaged file set aside.
It opens none of them.`,
		Example: `  simsid store status
  simsid store status -p school -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runStoreStatus(cmd.Context(), a)
		},
	}
}

func runStoreStatus(ctx context.Context, a *app) error {
	o, err := a.storeOptions()
	if err != nil {
		return err
	}
	file, err := a.loadConfig()
	if err != nil {
		return err
	}
	names := file.Names()
	kept, err := tokenstore.Profiles(o)
	if err != nil {
		return err
	}
	for _, name := range kept {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if p := a.global.profile; p != "" {
		if !slices.Contains(names, p) {
			return a.unknownProfile(p)
		}
		names = []string{p}
	}
	home := a.env.Getenv("HOME")
	v := render.Stores{Folder: shortenHome(o.Dir, home)}
	for _, name := range names {
		v.Rows = append(v.Rows, storeRow(o, home, file, name))
	}
	return a.answer(ctx, v)
}

func storeRow(o tokenstore.Options, home string, file *config.File, name string) render.StoreRow {
	row := render.StoreRow{Profile: name, Default: file.Default() == name}
	inv, ok, err := tokenstore.Inspect(o, name)
	if err != nil {
		row.Problem = explain(err).Text
		return row
	}
	if !ok {
		return row
	}
	r := inv.Record
	row.Backend, row.Where, row.Since = string(r.Backend), shortenHome(inv.Where, home), r.Since
	row.Items = inv.Items
	for _, k := range r.Secrets {
		row.Secrets = append(row.Secrets, strings.ReplaceAll(string(k), "-", " "))
	}
	for _, f := range inv.Files {
		row.Files = append(row.Files, render.StoreFile{Path: shortenHome(f.Path, home), Holds: holds(f.Kind)})
	}
	row.Notes = storeNotes(inv)
	return row
}

// holds says what a file of the store is for.
func holds(k tokenstore.FileKind) string {
	switch k {
	case tokenstore.LoginFile:
		return "tokens, sealed"
	case tokenstore.SecretsFile:
		return "client secrets, sealed"
	case tokenstore.IdentityFile:
		return "the key, behind the passphrase"
	case tokenstore.KeyFile:
		return "the key, readable"
	case tokenstore.ReserveFile:
		return "nothing: room for a refreshed login whose own place fails"
	case tokenstore.EmergencyFile:
		return "refreshed tokens, sealed"
	case tokenstore.DamagedFile:
		return "a damaged or foreign file, set aside"
	case tokenstore.PartialFile:
		return "a file that was never put in place; the next change removes it"
	}
	return string(k)
}

// storeNotes say what is out of the ordinary.
func storeNotes(inv tokenstore.Inventory) []string {
	var notes []string
	if inv.Record.RefreshInFile {
		notes = append(notes, "the refresh token is in the sealed file, not in the keyring: it is longer than this system's keyring takes, or the keyring failed when it was to be kept")
	}
	for _, k := range inv.Record.SecretsInFile {
		notes = append(notes, fmt.Sprintf("the %s is in the sealed file, not in the keyring: it is longer than this system's keyring takes", strings.ReplaceAll(string(k), "-", " ")))
	}
	if inv.Record.Leftover {
		notes = append(notes, "the keyring may still hold items of this profile that are not in use: it wasn't there when they were to be cleared; simsid logout clears them")
	}
	if inv.Record.Ended {
		notes = append(notes, "the login has ended: no token is kept")
	}
	for _, f := range inv.Files {
		if f.Kind == tokenstore.EmergencyFile {
			notes = append(notes, "refreshed tokens are in the emergency file because their own place failed; the next command puts them there")
		}
	}
	return notes
}

func newStoreMoveCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "move TO",
		Short: "Move a profile's tokens and secrets to another backend",
		Long: `Copies the profile's tokens and secrets to the other backend (keyring or file),
reads them back there, puts the new place on record, and clears the old one.
Until the new place is on record the old one counts and stays whole.`,
		Example: `  simsid store move file -p school     # with SIMSID_STORE_KEY or a passphrase
  simsid store move keyring -p school`,
		Args:      oneArgument("the backend to move to: keyring or file"),
		ValidArgs: []string{"keyring", "file"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runStoreMove(cmd.Context(), a, args[0])
		},
	}
}

func runStoreMove(ctx context.Context, a *app, to string) error {
	if to == string(tokenstore.Memory) {
		return &usageError{Problem: "memory keeps nothing, so there is no moving to it", Hint: "to forget the login here: simsid logout --local, with the same --profile"}
	}
	if to != string(tokenstore.Keyring) && to != string(tokenstore.File) {
		return &usageError{Problem: "tokens can be moved to keyring or file, not to " + word.Quote(to, "keyring", "file"), Command: "simsid store move"}
	}
	file, err := a.loadConfig()
	if err != nil {
		return err
	}
	name := a.chosenProfile(file)
	if name == "" {
		return a.nothingConfigured(file)
	}
	text, err := a.moveStore(ctx, name, tokenstore.Backend(to))
	if err != nil {
		return &profileError{Profile: name, Err: err}
	}
	return a.answer(ctx, render.Done{Action: "store moved", Profile: name, Text: text})
}

func (a *app) moveStore(ctx context.Context, name string, to tokenstore.Backend) (string, error) {
	o, err := a.storeOptions()
	if err != nil {
		return "", err
	}
	r, kept, err := tokenstore.ReadRecord(o, name)
	if err != nil {
		return "", err
	}
	if !kept {
		return "", tokenstore.ErrNoLogin
	}
	st, err := tokenstore.Choose(ctx, o, r.Binding(name), to, "")
	if err != nil {
		return "", err
	}
	moved, err := st.Move(ctx)
	if err != nil && moved {
		return "", &hintedError{Code: exitStore, Err: fmt.Errorf("moved to the %s, but the old place isn't clear: %w", st.Where(), err),
			Hints: []string{"see what is left: simsid store status -p " + name, "simsid logout -p " + name + " clears every place"}}
	}
	if err != nil {
		return "", fmt.Errorf("nothing was moved: %w", err)
	}
	where := shortenHome(st.Where(), a.env.Getenv("HOME"))
	if !moved {
		return fmt.Sprintf("Profile %s is kept in the %s already.", name, where), nil
	}
	return fmt.Sprintf("Profile %s is now kept in the %s. The old place (%s) is clear.", name, where, r.Backend), nil
}

func newStoreKeygenCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "keygen [FILE]",
		Short: "Make a key for sealed files",
		Long: `Makes an X25519 age identity and writes it to a new FILE that only you can read,
or without FILE to standard output. SIMSID_STORE_KEY_FILE names such a file,
SIMSID_STORE_KEY holds the key itself (AGE-SECRET-KEY-1...). The program age
opens the sealed files with it: age -d -i KEY-FILE SEALED-FILE.`,
		Example: `  simsid store keygen ~/simsid.key
  export SIMSID_STORE_KEY_FILE=~/simsid.key
  simsid login -p school --store file`,
		Args: optionalArgument("the name of the new file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runStoreKeygen(cmd.Context(), a, slices.Concat(args, []string{""})[0])
		},
	}
}

func runStoreKeygen(ctx context.Context, a *app, name string) error {
	id, err := tokenstore.NewIdentity(a.env.Now())
	if err != nil {
		return err
	}
	if name == "" {
		if a.json() {
			return &usageError{Problem: "the key itself is never JSON: name a file, or leave -o and --jq away", Command: "simsid store keygen"}
		}
		_, err := io.WriteString(a.env.Stdout, id.Text.Reveal())
		return err
	}
	if whole, err := filepath.Abs(name); err == nil { // the line with it is to work in every folder
		name = whole
	}
	err = id.WriteFile(name)
	if errors.Is(err, fs.ErrExist) {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("%s is there already, and is left as it is: it may be the only key to a login", name),
			Hints: []string{"choose another name"}}
	}
	if err != nil {
		return &hintedError{Code: exitFailed, Err: err}
	}
	return a.answer(ctx, render.Keygen{Path: name, PublicKey: id.Public, Next: []string{
		"export SIMSID_STORE_KEY_FILE=" + shellWord(name) + "  # where simsid runs",
		"simsid login --store file  # sign in; or simsid store move file",
	}})
}

// shellWord quotes a word for a command line that is shown to people.
func shellWord(s string) string {
	if s == "" {
		return "''"
	}
	if !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("/._-+=:@%,~", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// foreignWord is shellWord for what a server said.
func foreignWord(s string) string { return shellWord(render.Safe(s)) }
