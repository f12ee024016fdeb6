package emulator

import (
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	Path    string // as a file names it, counted from 0: "clients[1].redirect_uris[0]"
	Problem string // "isn't an absolute address"
}

// ConfigError says all that is wrong with a configuration.
type ConfigError struct{ Problems []Problem }

func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString("the emulator's configuration can't be used:")
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(" " + p.Path + " " + p.Problem)
	}
	return b.String()
}

// checker collects problems.
type checker struct {
	c   *Config
	out []Problem
}

// Validate returns every problem, or nil. Parts that are left out are taken as New takes them.
func (c *Config) Validate() []Problem {
	k := &checker{c: c.complete()}
	if !slices.Contains([]Rules{"", RulesLocal, RulesSandbox, RulesLive}, c.Rules) {
		k.add("rules", "is %q, and can be local, sandbox or live", c.Rules)
	}
	k.providers()
	k.organisations()
	k.scopes()
	user, client := k.user, k.client
	if k.c.Site == SiteIMIS {
		user, client = k.memberOfSite, k.clientOfSite
	}
	for i := range k.c.Users {
		user(fmt.Sprintf("users[%d].", i), i)
	}
	for i := range k.c.Clients {
		client(fmt.Sprintf("clients[%d].", i), i)
	}
	return k.out
}

// complete returns a copy with what was left out filled in.
func (c *Config) complete() *Config {
	out := *c
	if out.Site == SiteIMIS {
		out.completeIMIS()
		return &out
	}
	if out.Rules == "" {
		out.Rules = RulesLocal
	}
	if out.Scopes == nil {
		out.Scopes = simsScopes()
	}
	if out.Users == nil {
		out.Users = sampleUsers()
		for _, o := range sampleOrganisations() {
			if _, ok := findOrganisation(out.Organisations, o.ID); !ok {
				out.Organisations = append(slices.Clip(out.Organisations), o)
			}
		}
	}
	if out.Clients == nil {
		out.Clients = []ClientConfig{builtinClient(), reportsClient()}
	}
	out.Clients = slices.Clone(out.Clients)
	for i := range out.Clients {
		out.Clients[i].fill()
	}
	return &out
}

// fill sets the defaults: the lifetimes are IdentityServer3's.
func (c *ClientConfig) fill() {
	setDefault(&c.Name, c.ID)
	setDefault(&c.TokenType, TokenJWT)
	setDefault(&c.CodeLifetime, 5*time.Minute)
	setDefault(&c.IDLifetime, 5*time.Minute)
	setDefault(&c.AccessLifetime, time.Hour)
	setDefault(&c.RefreshAbsolute, 30*24*time.Hour)
	setDefault(&c.ApplicationID, madeGUID("application", c.ID))
	setDefault(&c.ApplicationName, c.Name)
	setDefault(&c.VendorID, madeGUID("vendor", c.ID))
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

func (k *checker) add(path, format string, args ...any) {
	k.out = append(k.out, Problem{path, fmt.Sprintf(format, args...)})
}

// text checks a value that there must be.
func (k *checker) text(path, value string, limit int) {
	switch {
	case value == "":
		k.add(path, "is missing")
	case len(value) > limit:
		k.add(path, "is longer than %d bytes", limit)
	case !utf8.ValidString(value):
		k.add(path, "isn't UTF-8")
	}
}

// word checks a name that goes into lists that spaces part.
func (k *checker) word(path, value string, limit int) {
	k.text(path, value, limit)
	if !printable(value) {
		k.add(path, "holds something besides visible ASCII characters")
	}
}

func (k *checker) guid(path, value string, optional bool) {
	if value == "" && optional {
		return
	}
	if !isGUID(value) {
		k.add(path, "is %q, which isn't a GUID", value)
	}
}

func isGUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}

func (k *checker) unique(path string, seen map[string]bool, value string) {
	value = strings.ToLower(value)
	if value != "" && seen[value] {
		k.add(path, "is there twice")
	}
	seen[value] = true
}

func (k *checker) providers() {
	seen := map[string]bool{PasswordProvider: true}
	for i, p := range k.c.Providers {
		path := fmt.Sprintf("providers[%d].name", i)
		k.word(path, p.Name, 100)
		k.unique(path, seen, p.Name)
	}
}

func (k *checker) organisations() {
	seen := map[string]bool{}
	for i, o := range k.c.Organisations {
		path := fmt.Sprintf("organisations[%d].", i)
		k.guid(path+"id", o.ID, false)
		k.unique(path+"id", seen, o.ID)
		k.text(path+"name", o.Name, 200)
		k.text(path+"types", o.Types, 26)
		if strings.Trim(o.Types, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			k.add(path+"types", "is %q, and can be capital letters", o.Types)
		}
		k.word(path+"code", o.Code, 8)
		k.unique(path+"code", seen, o.Code)
	}
}

func (k *checker) scopes() {
	seen := map[string]bool{}
	for i, sc := range k.c.Scopes {
		path := fmt.Sprintf("scopes[%d].", i)
		k.word(path+"name", sc.Name, maxScope)
		k.unique(path+"name", seen, sc.Name)
		if sc.Secret.Len() > maxSecret {
			k.add(path+"secret", "is longer than %d bytes", maxSecret)
		}
		for j, name := range sc.Claims {
			k.claimName(fmt.Sprintf("%sclaims[%d]", path, j), name)
		}
	}
}

// protocolClaims are the server's own: a user can't have them otherwise.
func protocolClaims() []string {
	return []string{
		"iss", "aud", "exp", "nbf", "iat", "nonce", "at_hash", "c_hash", "sid", "sub", "auth_time", "amr", "client_id", "scope",
		"active",
	}
}

func (k *checker) claimName(path, name string) {
	k.word(path, name, 100)
	if slices.Contains(protocolClaims(), name) {
		k.add(path, "is %q, which the server gives itself", name)
	}
	if strings.ContainsAny(name, `"\`) {
		k.add(path, "holds a quote or a backslash")
	}
}

// login checks the name that a user signs in with.
func (k *checker) login(path string, n int) {
	seen := map[string]bool{}
	for _, before := range k.c.Users[:n] {
		seen[strings.ToLower(before.Login)] = true
	}
	k.text(path+"login", k.c.Users[n].Login, maxLoginHint)
	k.unique(path+"login", seen, k.c.Users[n].Login)
}

func (k *checker) user(path string, n int) {
	u := k.c.Users[n]
	k.login(path, n)
	if strings.Contains(u.Login, "|") {
		k.add(path+"login", "holds a |, which parts the subject")
	}
	k.text(path+"name", u.Name, 200)
	if u.Password.IsZero() {
		k.add(path+"password", "is missing")
	}
	if u.Number < 0 {
		k.add(path+"number", "is below 0")
	}
	k.guid(path+"guid", u.GUID, true)
	k.factor(path+"factor", u.Factor)
	if len(u.Organisations) == 0 {
		k.add(path+"organisations", "is empty: a user belongs to at least one")
	}
	at := map[string]bool{}
	for i, m := range u.Organisations {
		path := fmt.Sprintf("%sorganisations[%d].", path, i)
		o, ok := findOrganisation(k.c.Organisations, m.Organisation)
		if !ok {
			k.add(path+"organisation", "is %q, which is no organisation's id or code", m.Organisation)
		}
		k.unique(path+"organisation", at, o.ID)
		k.guid(path+"user_id", m.UserID, true)
	}
	named := map[string]bool{}
	for i, c := range u.Claims {
		path := fmt.Sprintf("%sclaims[%d]", path, i)
		k.claimName(path, c.Name)
		k.unique(path, named, c.Name)
	}
}

func (k *checker) factor(path string, f Factor) {
	switch f.Kind {
	case FactorNone, "none":
	case FactorTOTP:
		text := strings.TrimRight(strings.ToUpper(f.TOTP.Reveal()), "=")
		if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text); err != nil || len(raw) < 10 {
			k.add(path+".secret", "isn't base32 of at least 80 bits")
		}
	case FactorPassphrase:
		if n := utf8.RuneCountInString(f.Passphrase.Reveal()); n < 8 || n > 100 {
			k.add(path+".passphrase", "has %d characters, and can have 8 to 100", n)
		}
	default:
		k.add(path+".kind", "is %q, and can be none, totp or passphrase", f.Kind)
	}
}

// fault checks one fault.
func (k *checker) fault(path string, f Fault) {
	for _, p := range f.Validate() {
		k.add(path+p.Path, "%s", p.Problem)
	}
	if kinds := FaultKindsOf(k.c.Site); slices.Contains(FaultKinds(), f.Kind) && !slices.Contains(kinds, f.Kind) {
		k.add(path+"kind", "is %q, and can be %s here", f.Kind, joined(kinds))
	}
}

// Validate returns every problem of a fault, or nil.
func (f Fault) Validate() []Problem {
	k := &checker{}
	if !slices.Contains(FaultKinds(), f.Kind) {
		k.add("kind", "is %q, and can be %s", f.Kind, joined(FaultKinds()))
	}
	if f.Kind == FaultStatus && f.Status != 500 && f.Status != 503 {
		k.add("status", "is %d, and can be 500 or 503", f.Status)
	}
	if f.Kind == FaultDelay && (f.Duration <= 0 || f.Duration > 10*time.Minute) {
		k.add("duration", "is %s, and can be up to 10m", f.Duration)
	}
	if f.Kind == FaultClockOffset && f.Duration == 0 {
		k.add("duration", "is missing")
	}
	if f.RetryAfter < 0 {
		k.add("retry_after", "is below 0")
	}
	if f.Times < 0 {
		k.add("times", "is below 0")
	}
	return k.out
}

// interactive reports whether a browser takes part in the flow.
func (f Flow) interactive() bool {
	return f != FlowClientCredentials && f != FlowResourceOwner
}
