package tokenstore

import (
	"github.com/simsid/simsid/internal/token"
)

// memory is the backend that keeps within the process only.
type memory struct {
	set     token.Set
	sum     Summary
	kept    bool
	ended   bool
	secrets map[SecretKind]token.Secret
}

func (m *memory) load() (token.Set, error) {
	switch {
	case m.ended:
		return token.Set{}, ErrEnded
	case !m.kept:
		return token.Set{}, ErrNoLogin
	default:
		return m.set, nil
	}
}

func (m *memory) save(set token.Set, sum Summary) {
	m.set, m.sum, m.kept, m.ended = set, sum, true, false
}

func (m *memory) refresh(set token.Set) {
	if set.Refresh.IsZero() {
		set.Refresh = m.set.Refresh
	}
	m.set = set
}

func (m *memory) end() { m.set, m.kept, m.ended = token.Set{}, false, true }

func (m *memory) clear() { m.set, m.sum, m.kept, m.ended = token.Set{}, Summary{}, false, false }

func (m *memory) setSecret(k SecretKind, v token.Secret) {
	if m.secrets == nil {
		m.secrets = map[SecretKind]token.Secret{}
	}
	m.secrets[k] = v
}

func (m *memory) record(b Binding) Record {
	return Record{
		Backend: Memory, Issuer: b.Issuer, ClientID: b.ClientID,
		Subject: m.sum.Subject, Name: m.sum.Name, Organisation: m.sum.Organisation, Organisations: m.sum.Organisations,
		Expiry: m.set.Expiry, SignedInAt: m.set.SignedInAt, Refreshable: !m.set.Refresh.IsZero(), RefreshSince: m.set.RefreshSince, Ended: m.ended,
		Own: m.sum.Own, OwnScopes: m.sum.OwnScopes, OwnACRValues: m.sum.OwnACRValues, Settings: m.sum.Settings,
	}
}
