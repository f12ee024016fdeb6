package tokenstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"filippo.io/age"

	"github.com/simsid/simsid/internal/token"
)

// login is a login as it is kept. seq counts its refreshes: of two copies the one that counts higher is the newer.
type login struct {
	id      string
	profile string // whose it is
	seq     uint64
	binding Binding // without the profile's name
	set     token.Set
	sum     Summary
	seed    string // of a login that was begun with a refresh token from outside: its hash
	unsent  bool   // that one hasn't been sent anywhere; on record alone
}

// text is a string in JSON that keeps every byte: encoding/json would replace those that aren't UTF-8, and a token or
// secret changed by one byte is lost.
type text string

func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(rawText{Base64: []byte(t)})
}

type rawText struct {
	Base64 []byte `json:"base64"`
}

type loginJSON struct {
	Version      int       `json:"version"`
	Kind         string    `json:"kind"`
	Profile      string    `json:"profile"`
	Issuer       text      `json:"issuer"`
	ClientID     text      `json:"client_id"`
	Login        string    `json:"login"`
	Seq          uint64    `json:"seq"`
	Access       text      `json:"access_token,omitempty"`
	ID           text      `json:"id_token,omitempty"`
	Refresh      text      `json:"refresh_token,omitempty"`
	Type         text      `json:"token_type,omitempty"`
	Expiry       time.Time `json:"expiry,omitzero"`
	Scopes       []text    `json:"scopes,omitzero"`
	SignedInAt   time.Time `json:"signed_in_at,omitzero"`
	RefreshedAt  time.Time `json:"refreshed_at,omitzero"`
	RefreshSince time.Time `json:"refresh_since,omitzero"`
	Subject      text      `json:"subject,omitempty"`
	Name         text      `json:"name,omitempty"`
	Organisation text      `json:"organisation,omitempty"`
	// Organisations are there as bytes too: a server may write anything into its claims.
	Organisations []text `json:"organisations,omitzero"`
	Seed          string `json:"seed,omitempty"`
	Own           bool   `json:"own,omitempty"`
	OwnScopes     []text `json:"own_scopes,omitzero"`
	OwnACRValues  []text `json:"own_acr_values,omitzero"`
	Settings      []text `json:"settings,omitzero"`
}

const (
	kindLogin   = "login"
	kindSecrets = "secrets"
)

func encodeLogin(l login) ([]byte, error) {
	return json.Marshal(loginJSON{
		Version: formatVersion, Kind: kindLogin, Profile: l.profile,
		Issuer: text(l.binding.Issuer), ClientID: text(l.binding.ClientID), Login: l.id, Seq: l.seq,
		Access: text(l.set.Access.Reveal()), ID: text(l.set.ID.Reveal()), Refresh: text(l.set.Refresh.Reveal()),
		Type: text(l.set.Type), Expiry: l.set.Expiry, Scopes: recast[text](l.set.Scopes),
		SignedInAt: l.set.SignedInAt, RefreshedAt: l.set.RefreshedAt, RefreshSince: l.set.RefreshSince,
		Subject: text(l.sum.Subject), Name: text(l.sum.Name), Organisation: text(l.sum.Organisation),
		Organisations: recast[text](l.sum.Organisations), Seed: l.seed,
		Own: l.sum.Own, OwnScopes: recast[text](l.sum.OwnScopes), OwnACRValues: recast[text](l.sum.OwnACRValues), Settings: recast[text](l.sum.Settings),
	})
}

func decodeLogin(b []byte) (login, error) {
	o, err := readStored(b)
	if err != nil {
		return login{}, err
	}
	l := login{
		id: o.word("login"), profile: o.word("profile"), seq: o.number("seq"), binding: Binding{Issuer: o.text("issuer"), ClientID: o.text("client_id")},
		set: token.Set{
			Access: o.secret("access_token"), ID: o.secret("id_token"), Refresh: o.secret("refresh_token"), Type: o.text("token_type"),
			Expiry: o.moment("expiry"), Scopes: o.texts("scopes"), SignedInAt: o.moment("signed_in_at"), RefreshedAt: o.moment("refreshed_at"),
			RefreshSince: o.moment("refresh_since"),
		},
		sum: Summary{
			Subject: o.text("subject"), Name: o.text("name"), Organisation: o.text("organisation"), Organisations: o.texts("organisations"),
			Own: o.yes("own"), OwnScopes: o.texts("own_scopes"), OwnACRValues: o.texts("own_acr_values"), Settings: o.texts("settings"),
		},
		seed: o.word("seed"),
	}
	if err := o.fault("a login"); err != nil {
		return login{}, err
	}
	if kind, _ := o.String("kind"); kind != kindLogin || l.id == "" {
		return login{}, errors.New("not a login")
	}
	return l, nil
}

// recast gives a list its other type; nil, which isn't empty, stays nil.
func recast[To, From ~string](list []From) []To {
	if list == nil {
		return nil
	}
	out := make([]To, 0, len(list))
	for _, v := range list {
		out = append(out, To(v))
	}
	return out
}

// boundSecret is a secret with whom it was kept for.
type boundSecret struct {
	binding Binding // without the profile's name
	value   token.Secret
}

type secretJSON struct {
	Issuer   text `json:"issuer"`
	ClientID text `json:"client_id"`
	Value    text `json:"value"`
}

type secretsJSON struct {
	Version int                       `json:"version"`
	Kind    string                    `json:"kind"`
	Secrets map[SecretKind]secretJSON `json:"secrets"`
}

func encodeSecrets(m map[SecretKind]boundSecret) ([]byte, error) {
	j := secretsJSON{Version: formatVersion, Kind: kindSecrets, Secrets: map[SecretKind]secretJSON{}}
	for k, s := range m {
		j.Secrets[k] = secretJSON{
			Issuer: text(s.binding.Issuer), ClientID: text(s.binding.ClientID), Value: text(s.value.Reveal()),
		}
	}
	return json.Marshal(j)
}

func decodeSecrets(b []byte) (map[SecretKind]boundSecret, error) {
	o, err := readStored(b)
	if err != nil {
		return nil, err
	}
	raw, _ := o.Get("secrets")
	all, err := token.ParseLongObject(raw, maxFile)
	if kind, _ := o.String("kind"); kind != kindSecrets || err != nil {
		return nil, errors.New("not a file of secrets")
	}
	m := map[SecretKind]boundSecret{}
	for _, one := range all.Members() {
		s, err := token.ParseLongObject(one.Value, maxFile)
		if err != nil {
			return nil, fmt.Errorf("not a file of secrets: %s is of the wrong type", one.Name)
		}
		v := stored{Object: s}
		m[SecretKind(one.Name)] = boundSecret{binding: Binding{Issuer: v.text("issuer"), ClientID: v.text("client_id")}, value: v.secret("value")}
		if err := v.fault("a file of secrets"); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// seal encrypts as an age file.
func seal(plain []byte, to age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(plain) + 512)
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if _, err := w.Write(plain); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return b.Bytes(), nil
}

// unseal decrypts an age file: ErrSealKey when it is whole but for another key, ErrBadKey when that is no key, another error when it is damaged.
func unseal(sealed []byte, with age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, ErrSealKey
	}
	if errors.Is(err, ErrBadKey) {
		return nil, ErrBadKey
	}
	if err != nil {
		return nil, errors.New("not an age file, or cut")
	}
	plain := bytes.NewBuffer(make([]byte, 0, len(sealed)+bytes.MinRead)) // it is shorter than that
	if _, err := plain.ReadFrom(io.LimitReader(r, maxFile)); err != nil {
		return nil, errors.New("cut or changed after it was sealed")
	}
	return plain.Bytes(), nil
}
