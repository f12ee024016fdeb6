package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/simsid/simsid/internal/emulator"
)

// reader turns the form of a file into what it means. It remembers the lines of what others refer to.
type reader struct {
	site    emulator.Site
	members []reference // of users to organisations
	clients []reference // of faults to clients
	as      reference
	scopes  map[int]*table // where in the list of scopes the file's own stand
}

// reference is a name that something else of the file, or of the embedded STS, must have.
type reference struct {
	name string
	line int
}

func (r *reader) scenario(root *table, s *Scenario) *Error {
	c := &s.Config
	rules := []emulator.Rules{emulator.RulesLocal, emulator.RulesSandbox, emulator.RulesLive}
	// A list that the file has takes the place of the embedded one. Scopes join those of SIMS ID, which every scenario needs.
	for _, e := range root.entries {
		switch e.key {
		case "provider":
			c.Providers = nil
		case "organisation":
			c.Organisations = nil
		case "user":
			c.Users = nil
		case "client":
			c.Clients = nil
		}
	}
	fields := []field{
		text("issuer", &s.Issuer),
		number("port", 0, 65535, &s.Port),
		flag("https", &s.HTTPS),
		{key: "as", read: func(e *entry) *Error {
			r.as = reference{line: e.line}
			if f := text("as", &r.as.name).read(e); f != nil {
				return f
			}
			s.As = r.as.name
			return nil
		}},
		list("fault", func(t *table) *Error { return appendTo(&s.Faults, t, r.fault) }),
	}
	user, client := r.user, r.client
	if r.site == emulator.SiteIMIS {
		user, client = r.member, r.memberClient
	} else {
		fields = append(fields, word("rules", rules, &c.Rules),
			list("provider", func(t *table) *Error { return appendTo(&c.Providers, t, r.provider) }),
			list("organisation", func(t *table) *Error { return appendTo(&c.Organisations, t, r.organisation) }),
			list("scope", func(t *table) *Error { return r.addScope(t, c) }))
	}
	fields = append(fields, list("user", func(t *table) *Error { return appendTo(&c.Users, t, user) }),
		list("client", func(t *table) *Error { return appendTo(&c.Clients, t, client) }))
	if fault := read(root, "a scenario", fields); fault != nil {
		return fault
	}
	if root.entry("organisation") != nil && root.entry("user") == nil {
		c.Users = nil // the sample users bring the organisations that they need
	}
	if fault := r.refer(s); fault != nil {
		return fault
	}
	for _, problem := range c.Validate() {
		return r.located(root, problem)
	}
	return nil
}

func appendTo[T any](list *[]T, t *table, read func(*table, *T) *Error) *Error {
	var v T
	if fault := read(t, &v); fault != nil {
		return fault
	}
	*list = append(*list, v)
	return nil
}

func (r *reader) provider(t *table, p *emulator.ProviderConfig) *Error {
	return read(t, "a provider", []field{must(text("name", &p.Name)), text("title", &p.Title)})
}

func (r *reader) organisation(t *table, o *emulator.OrganisationConfig) *Error {
	return read(t, "an organisation", []field{
		must(text("id", &o.ID)), must(text("name", &o.Name)), must(text("types", &o.Types)), must(text("code", &o.Code)),
	})
}

func (r *reader) user(t *table, u *emulator.UserConfig) *Error {
	fault := read(t, "a user", []field{
		must(text("login", &u.Login)), must(text("name", &u.Name)), must(secret("password", &u.Password)), text("about", &u.About),
		number("number", 1, 1<<31-1, &u.Number), text("guid", &u.GUID), text("site_role", &u.SiteRole),
		moment("password_set", &u.PasswordSet),
		secret("totp", &u.Factor.TOTP), secret("passphrase", &u.Factor.Passphrase),
		must(field{key: "organisations", read: func(e *entry) *Error { return r.memberships(e, u) }}),
		{key: "claims", read: func(e *entry) *Error { return claims(e, u) }},
	})
	switch {
	case fault != nil:
		return fault
	case !u.Factor.TOTP.IsZero() && !u.Factor.Passphrase.IsZero():
		return &Error{Line: t.line, Problem: "a user has one second factor: totp or passphrase"}
	case !u.Factor.TOTP.IsZero():
		u.Factor.Kind = emulator.FactorTOTP
	case !u.Factor.Passphrase.IsZero():
		u.Factor.Kind = emulator.FactorPassphrase
	}
	return nil
}

// memberships takes a user's organisations: each by its id or code, or as a table that says the user's id there too.
func (r *reader) memberships(e *entry, u *emulator.UserConfig) *Error {
	const want = `must be a list of organisations by their id or code: ["9994001", {organisation = "LA999", user_id = "…"}]`
	if e.value == nil || e.value.kind != unstable.Array || len(e.value.items) == 0 {
		return &Error{Problem: want}
	}
	for _, item := range e.value.items {
		var m emulator.MembershipConfig
		switch {
		case item.table != nil:
			fault := read(item.table, "a membership", []field{
				must(text("organisation", &m.Organisation)), text("user_id", &m.UserID),
			})
			if fault != nil {
				return fault
			}
		case isText(item):
			m.Organisation = item.text
		default:
			return &Error{Line: item.line, Problem: "organisations " + want}
		}
		r.members = append(r.members, reference{m.Organisation, item.line})
		u.Organisations = append(u.Organisations, m)
	}
	return nil
}

// claims takes a user's own claims, of which the file names any.
func claims(e *entry, u *emulator.UserConfig) *Error {
	if e.table == nil {
		return &Error{Problem: "is a table: write [user.claims] and the claims below"}
	}
	for _, own := range e.table.entries {
		c := emulator.ClaimConfig{Name: own.key}
		var one string
		switch {
		case len(own.key) == 0 || len(own.key) > maxText:
			return &Error{Line: own.line, Problem: "the name of a claim is empty or too long"}
		case text(own.key, &one).read(own) == nil:
			c.Values = []string{one}
		case texts(own.key, &c.Values).read(own) != nil:
			return &Error{Line: own.line, Problem: fmt.Sprintf("the claim %s must be text in quotes, or a list of texts", strconv.Quote(clip(own.key)))}
		}
		u.Claims = append(u.Claims, c)
	}
	return nil
}

// addScope adds a scope, or changes the one of SIMS ID's that has its name.
func (r *reader) addScope(t *table, c *emulator.Config) *Error {
	var made emulator.ScopeConfig
	if fault := r.scope(t, &made); fault != nil {
		return fault
	}
	c.Scopes = slices.Clone(c.Scopes)
	i := slices.IndexFunc(c.Scopes, func(s emulator.ScopeConfig) bool { return s.Name == made.Name })
	if i < 0 {
		i = len(c.Scopes)
		c.Scopes = append(c.Scopes, made)
	}
	if before := r.scopes[i]; before != nil {
		return &Error{Line: t.line, Problem: fmt.Sprintf("the scope %s stands on line %d already", strconv.Quote(clip(made.Name)), before.line)}
	}
	if r.scopes == nil {
		r.scopes = map[int]*table{}
	}
	c.Scopes[i], r.scopes[i] = made, t
	return nil
}

func (r *reader) scope(t *table, s *emulator.ScopeConfig) *Error {
	return read(t, "a scope", []field{
		must(text("name", &s.Name)), text("about", &s.About), flag("identity", &s.Identity), secret("secret", &s.Secret),
		flag("clients_only", &s.ClientsOnly), texts("claims", &s.Claims),
	})
}

func (r *reader) client(t *table, c *emulator.ClientConfig) *Error {
	types := []emulator.TokenType{emulator.TokenJWT, emulator.TokenReference}
	fault := read(t, "a client", []field{
		must(text("id", &c.ID)), text("name", &c.Name), must(secret("secret", &c.Secret)), flag("disabled", &c.Disabled),
		must(word("flow", emulator.Flows(), &c.Flow)),
		texts("redirect_uris", &c.RedirectURIs), flag("any_port", &c.AnyPort), must(texts("scopes", &c.Scopes)),
		word("token_type", types, &c.TokenType),
		span("code_lifetime", false, &c.CodeLifetime), span("id_lifetime", false, &c.IDLifetime),
		span("access_lifetime", false, &c.AccessLifetime),
		span("refresh_absolute", false, &c.RefreshAbsolute), span("refresh_sliding", false, &c.RefreshSliding),
		flag("refresh_reusable", &c.RefreshReusable), flag("update_claims", &c.UpdateClaims),
		{key: "consent", read: func(e *entry) *Error {
			c.RequireConsent = new(bool)
			return flag("consent", c.RequireConsent).read(e)
		}},
		flag("remember_consent", &c.RememberConsent), texts("providers", &c.Providers),
		texts("post_logout_redirect_uris", &c.PostLogoutRedirectURIs), text("logout_uri", &c.LogoutURI),
		flag("logout_session_required", &c.LogoutSessionRequired), flag("sign_out_prompt", &c.RequireSignOutPrompt),
		text("application_id", &c.ApplicationID), text("application_name", &c.ApplicationName), text("vendor_id", &c.VendorID),
		list("fault", func(t *table) *Error { return appendTo(&c.Faults, t, r.clientFault) }),
	})
	if fault != nil {
		return fault
	}
	for i := range c.Faults {
		c.Faults[i].Client = c.ID
	}
	return nil
}

// clientFault reads a fault that stands under its client.
func (r *reader) clientFault(t *table, f *emulator.Fault) *Error {
	return readFault(t, f, r.faultFields(f))
}

func (r *reader) fault(t *table, f *emulator.Fault) *Error {
	if fault := readFault(t, f, append(r.faultFields(f), text("client", &f.Client))); fault != nil {
		return fault
	}
	if f.Client != "" {
		r.clients = append(r.clients, reference{f.Client, t.entry("client").line})
	}
	return nil
}

func (r *reader) faultFields(f *emulator.Fault) []field {
	return []field{
		must(word("kind", emulator.FaultKindsOf(r.site), &f.Kind)), word("endpoint", emulator.FaultEndpoints(r.site), &f.Endpoint),
		span("duration", true, &f.Duration), number("status", 400, 599, &f.Status),
		span("retry_after", false, &f.RetryAfter), number("times", 1, 1<<31-1, &f.Times),
	}
}

func readFault(t *table, f *emulator.Fault, fields []field) *Error {
	if fault := read(t, "a fault", fields); fault != nil {
		return fault
	}
	for _, problem := range f.Validate() {
		return &Error{Line: t.entryLine(problem.Path), Problem: problem.Path + " " + problem.Problem}
	}
	return nil
}

// refer finds what the file's references name.
func (r *reader) refer(s *Scenario) *Error {
	var organisations, clients, users []string
	for _, o := range s.Config.Organisations {
		organisations = append(organisations, o.ID, o.Code)
	}
	for _, c := range s.Config.Clients {
		clients = append(clients, c.ID)
	}
	for _, u := range s.Config.Users {
		users = append(users, u.Login)
	}
	checks := []struct {
		what  string
		refs  []reference
		known []string
	}{
		{"organisation", r.members, organisations}, {"client", r.clients, clients}, {"user", []reference{r.as}, users},
	}
	for _, check := range checks {
		for _, ref := range check.refs {
			same := func(have string) bool { return strings.EqualFold(have, ref.name) }
			if ref.line > 0 && !slices.ContainsFunc(check.known, same) {
				return &Error{Line: ref.line, Problem: fmt.Sprintf("there is no %s %s", check.what, strconv.Quote(clip(ref.name))),
					Word: ref.name, Known: check.known}
			}
		}
	}
	return nil
}

// located gives a problem of the configuration its line, as near as the file has one.
func (r *reader) located(root *table, p emulator.Problem) *Error {
	t, line, key := root, 0, p.Path
	for part := range strings.SplitSeq(p.Path, ".") {
		name, index, _ := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		key = name
		if t == nil {
			continue
		}
		n, err := strconv.Atoi(index)
		if err != nil {
			n = -1
		}
		if t == root && name == "scopes" {
			t, line = r.scopes[n], 0
			if t != nil {
				line = t.line
			}
			continue
		}
		if name == "factor" { // which a file writes as one of two keys
			name = "totp"
			if t.entry("passphrase") != nil {
				name = "passphrase"
			}
		}
		t, line = t.step(name, n, line)
	}
	if line > 0 && key == "secret" && strings.Contains(p.Path, ".factor.") {
		key = "totp"
	}
	if line == 0 {
		key = p.Path
	}
	return &Error{Line: line, Problem: key + " " + p.Problem}
}
