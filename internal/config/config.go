// Package config reads and edits simsid's configuration: profiles in one TOML file, and what flags, the environment and
// the provider kind say above and below them. It never holds a secret.
package config

// Setting is one key of a profile: its TOML key, the environment variable and the flag that override it.
type Setting struct {
	Key     string // "client_id"
	Env     string // "SIMSID_CLIENT_ID"; "" when there is none
	Flag    string // "client-id"; "" when there is none
	List    bool   // an array of strings; in flags and variables separated by spaces or commas
	Meaning string // one sentence for help and docs
}

// Settings returns the table of keys in the order in which they are shown. Keys: kind, environment, issuer, pinned_issuer,
// client_id, client_auth, scopes, redirect_uri, post_logout_redirect_uri, introspection_id, store.
func Settings() []Setting { panic("unwritten") }

// Profile is one client at one provider, after precedence.
type Profile struct {
	Name                  string
	Kind                  string
	Environment           string
	Issuer                string
	PinnedIssuer          string // as discovery spelled it the first time
	ClientID              string
	ClientAuth            string
	Scopes                []string
	RedirectURI           string
	PostLogoutRedirectURI string
	IntrospectionID       string
	Store                 string
	// Origins says where each value that is set came from, by key.
	Origins map[string]Origin
}

// Source is one layer of precedence.
type Source string

const (
	FromFlag        Source = "flag"
	FromEnvironment Source = "environment"
	FromProfile     Source = "profile"
	FromKind        Source = "default"
)

// Origin is where a value came from.
type Origin struct {
	Source Source
	Detail string // "--issuer", "SIMSID_ISSUER", "/home/…/config.toml:12", "kind simsid"
}

// Overridden reports whether a key's value comes from a flag or a variable, and differs from what the file and the kind's defaults
// would have given.
func (p Profile) Overridden(key string) bool { panic("unwritten") }

// File is the configuration file as read: its profiles and what it says outside of them.
type File struct{}

// Load reads path strictly; a missing file is an empty one. Errors are *FileError.
func Load(path string) (*File, error) { panic("unwritten") }

// FileError is a fault of the configuration file, with its place.
type FileError struct {
	Path    string
	Line    int // 1-based; 0: the whole file
	Problem string
	Suggest string // a known key near to the unknown one; "" if none
}

func (e *FileError) Error() string { panic("unwritten") }

// Path returns where the file lies.
func (f *File) Path() string { panic("unwritten") }

// Default returns the name of the default profile, "" when none is set.
func (f *File) Default() string { panic("unwritten") }

// Names returns the profiles' names in the file's order.
func (f *File) Names() []string { panic("unwritten") }

// Has reports whether the file has a profile of that name.
func (f *File) Has(name string) bool { panic("unwritten") }

// Value returns what the file says for one key of one profile.
func (f *File) Value(profile, key string) (value []string, line int, ok bool) { panic("unwritten") }

// Layers are the inputs of Resolve.
type Layers struct {
	File     *File
	Profile  string                                             // name, already chosen
	Flags    map[string][]string                                // by key; only those given
	Getenv   func(string) string                                // the environment
	Defaults func(kind, environment string) map[string][]string // the kind's defaults, by key
	BuiltIn  map[string][]string                                // values of a profile that exists without a file (emulator); nil for others
}

// Resolve applies precedence: flag, environment, profile, default of the kind. An unknown profile is an *UnknownProfileError.
func Resolve(l Layers) (Profile, error) { panic("unwritten") }

// UnknownProfileError says that there is no such profile.
type UnknownProfileError struct {
	Name    string
	Known   []string
	Suggest string
}

func (e *UnknownProfileError) Error() string { panic("unwritten") }

// ValueError says that a value can't be what it is.
type ValueError struct {
	Key     string
	Value   string
	Origin  Origin
	Problem string
}

func (e *ValueError) Error() string { panic("unwritten") }

// CheckName refuses what can't name a profile: empty, over 64 bytes, or with anything but letters, digits, '.', '_' and '-' (first a letter or digit).
func CheckName(name string) error { panic("unwritten") }

// Add writes a new profile at the end of the file, leaving every other byte of it; values by key in Settings' order. The file is
// replaced atomically (0600 in a 0700 folder). The first profile becomes the default.
func Add(path, name string, values map[string][]string) error { panic("unwritten") }

// Set changes one key of one profile in place, keeping comments and every other byte; nil values remove the key.
func Set(path, name, key string, values []string) error { panic("unwritten") }

// Remove takes a profile out of the file, and the default if it was that.
func Remove(path, name string) error { panic("unwritten") }

// Use makes a profile the default.
func Use(path, name string) error { panic("unwritten") }
