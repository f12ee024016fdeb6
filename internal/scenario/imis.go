package scenario

import "github.com/simsid/simsid/internal/emulator"

// member reads a user of a site run by iMIS, who has nothing but a name and a password.
func (r *reader) member(t *table, u *emulator.UserConfig) *Error {
	return read(t, "a user of iMIS", []field{
		must(text("login", &u.Login)), must(text("name", &u.Name)), must(secret("password", &u.Password)), text("about", &u.About),
	})
}

// memberClient reads a client of a site run by iMIS.
func (r *reader) memberClient(t *table, c *emulator.ClientConfig) *Error {
	fault := read(t, "a client of iMIS", []field{
		must(text("id", &c.ID)), text("name", &c.Name), must(secret("secret", &c.Secret)), flag("disabled", &c.Disabled),
		must(texts("redirect_uris", &c.RedirectURIs)),
		span("access_lifetime", false, &c.AccessLifetime), span("refresh_absolute", false, &c.RefreshAbsolute),
		flag("refresh_reusable", &c.RefreshReusable),
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
