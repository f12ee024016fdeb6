package tokenstore

// Same reports whether o names the same issuer and client, whatever the profile's name.
func (b Binding) Same(o Binding) bool { return b.same(o.Issuer, o.ClientID) }

// Binding is whose login is on record.
func (r Record) Binding(profile string) Binding {
	return Binding{Profile: profile, Issuer: r.Issuer, ClientID: r.ClientID}
}
