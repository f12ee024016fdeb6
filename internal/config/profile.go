package config

import (
	"slices"
	"strings"
)

// Profile is one client at one provider, after precedence.
type Profile struct {
	Name                  string
	Kind                  string
	Environment           string
	Issuer                string
	PinnedIssuer          string // as discovery spelled it the first time
	ClientID              string
	ClientAuth            string
	ClientKey             string // file
	ClientKeyID           string
	ClientKeyAlg          string
	AssertionAudience     string // "token_endpoint", "issuer"
	Flow                  string
	Scopes                []string
	RedirectURI           string
	Listen                string // where to listen for it; "" where its host says it
	TLSCert, TLSKey       string // files
	CAFile                string // file
	PostLogoutRedirectURI string
	IntrospectionID       string
	ResponseType          string
	ResponseMode          string
	PAR                   string // "true", "false"
	Prompt                string
	LoginHint             string
	UILocales             string
	MaxAge                string // a duration, or a number of seconds; see Seconds
	ACRValues             []string
	IDHint                string   // "true", "false"
	Params                []string // "name=value"
	RefreshUsage          string   // "one-time", "reusable"; "" means the former
	RefreshLifetime       string   // in minutes; "" where nobody knows
	APIBase               []string // addresses of APIs; the first is where paths begin
	Store                 string
	// Origins says where each value that is set came from, by key.
	Origins map[string]Origin

	// base is what the file and the defaults would have given, without flags and variables.
	base map[string][]string
}

// Source is one layer of precedence.
type Source string

// The layers, from the top.
const (
	FromFlag        Source = "flag"
	FromEnvironment Source = "environment"
	FromProfile     Source = "profile"
	FromKind        Source = "default" // of the kind, or of the built-in profile
)

// Origin is where a value came from.
type Origin struct {
	Source Source
	Detail string // "--issuer", "SIMSID_ISSUER", "/home/…/config.toml:12", "kind simsid"
}

// Values returns one setting's value in force by its key, nil when it isn't set or there is no such key.
func (p Profile) Values(key string) []string {
	if list := p.list(key); list != nil {
		return *list
	}
	if field := p.field(key); field != nil && *field != "" {
		return []string{*field}
	}
	return nil
}

// list finds the field of a key that is a list.
func (p *Profile) list(key string) *[]string {
	switch key {
	case keyScopes:
		return &p.Scopes
	case keyACRValues:
		return &p.ACRValues
	case keyParams:
		return &p.Params
	case keyAPIBase:
		return &p.APIBase
	}
	return nil
}

// field finds the field of a key that isn't a list.
func (p *Profile) field(key string) *string {
	switch key {
	case keyKind:
		return &p.Kind
	case keyEnvironment:
		return &p.Environment
	case keyIssuer:
		return &p.Issuer
	case keyPinnedIssuer:
		return &p.PinnedIssuer
	case keyClientID:
		return &p.ClientID
	case keyClientAuth:
		return &p.ClientAuth
	case keyClientKey:
		return &p.ClientKey
	case keyClientKeyID:
		return &p.ClientKeyID
	case keyClientKeyAlg:
		return &p.ClientKeyAlg
	case keyAudience:
		return &p.AssertionAudience
	case keyFlow:
		return &p.Flow
	case keyRedirect:
		return &p.RedirectURI
	case keyListen:
		return &p.Listen
	case keyTLSCert:
		return &p.TLSCert
	case keyTLSKey:
		return &p.TLSKey
	case keyCAFile:
		return &p.CAFile
	case keyPostLogout:
		return &p.PostLogoutRedirectURI
	case keyIntrospection:
		return &p.IntrospectionID
	case keyRefreshUsage:
		return &p.RefreshUsage
	case keyRefreshLife:
		return &p.RefreshLifetime
	case keyStore:
		return &p.Store
	}
	return p.asked(key)
}

// asked finds the fields of what is asked of the authorisation endpoint.
func (p *Profile) asked(key string) *string {
	switch key {
	case keyResponseType:
		return &p.ResponseType
	case keyResponseMode:
		return &p.ResponseMode
	case keyPAR:
		return &p.PAR
	case keyPrompt:
		return &p.Prompt
	case keyLoginHint:
		return &p.LoginHint
	case keyUILocales:
		return &p.UILocales
	case keyMaxAge:
		return &p.MaxAge
	case keyIDHint:
		return &p.IDHint
	}
	return nil
}

// Overridden reports whether a flag or a variable gave a key another value than the file and the defaults would have:
// directly, or by choosing another kind or environment with another default. Issuers that differ by a trailing slash alone
// are one. In a profile that is made of flags and variables nothing is overridden; in one that Resolve didn't make
// everything is.
func (p Profile) Overridden(key string) bool {
	return !sameValues(key, p.Values(key), p.base[key])
}

func sameValues(key string, a, b []string) bool {
	if key == keyIssuer && len(a) == 1 && len(b) == 1 {
		return strings.TrimSuffix(a[0], "/") == strings.TrimSuffix(b[0], "/")
	}
	return slices.Equal(a, b)
}
