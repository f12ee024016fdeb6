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
	seq     uint64
	binding Binding // without the profile's name
	set     token.Set
	sum     Summary
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

func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var r rawText
		err := json.Unmarshal(b, &r)
		*t = text(r.Base64)
		return err
	}
	return json.Unmarshal(b, (*string)(t))
}

type rawText struct {
	Base64 []byte `json:"base64"`
}

type loginJSON struct {
	Version      int       `json:"version"`
	Kind         string    `json:"kind"`
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
	Subject      text      `json:"subject,omitempty"`
	Name         text      `json:"name,omitempty"`
	Organisation text      `json:"organisation,omitempty"`
	// Organisations are there as bytes too: a server may write anything into its claims.
	Organisations []text `json:"organisations,omitzero"`
}

const (
	kindLogin   = "login"
	kindSecrets = "secrets"
)

func encodeLogin(l login) ([]byte, error) {
	return json.Marshal(loginJSON{
		Version: formatVersion, Kind: kindLogin,
		Issuer: text(l.binding.Issuer), ClientID: text(l.binding.ClientID), Login: l.id, Seq: l.seq,
		Access: text(l.set.Access.Reveal()), ID: text(l.set.ID.Reveal()), Refresh: text(l.set.Refresh.Reveal()),
		Type: text(l.set.Type), Expiry: l.set.Expiry, Scopes: recast[text](l.set.Scopes),
		SignedInAt: l.set.SignedInAt, RefreshedAt: l.set.RefreshedAt,
		Subject: text(l.sum.Subject), Name: text(l.sum.Name), Organisation: text(l.sum.Organisation),
		Organisations: recast[text](l.sum.Organisations),
	})
}

func decodeLogin(b []byte) (login, error) {
	if err := checkVersion(b); err != nil {
		return login{}, err
	}
	var j loginJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return login{}, errors.New("not a login: " + jsonProblem(err))
	}
	if j.Kind != kindLogin || j.Login == "" {
		return login{}, errors.New("not a login")
	}
	l := login{
		id: j.Login, seq: j.Seq,
		binding: Binding{Issuer: string(j.Issuer), ClientID: string(j.ClientID)},
		set: token.Set{
			Access: token.NewSecret(string(j.Access)), ID: token.NewSecret(string(j.ID)),
			Refresh: token.NewSecret(string(j.Refresh)), Type: string(j.Type), Expiry: j.Expiry,
			SignedInAt: j.SignedInAt, RefreshedAt: j.RefreshedAt,
		},
		sum: Summary{
			Subject: string(j.Subject), Name: string(j.Name), Organisation: string(j.Organisation), Organisations: recast[string](j.Organisations),
		},
	}
	l.set.Scopes = recast[string](j.Scopes)
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
	if err := checkVersion(b); err != nil {
		return nil, err
	}
	var j secretsJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, errors.New("not a file of secrets: " + jsonProblem(err))
	}
	if j.Kind != kindSecrets {
		return nil, errors.New("not a file of secrets")
	}
	m := map[SecretKind]boundSecret{}
	for k, s := range j.Secrets {
		m[k] = boundSecret{
			binding: Binding{Issuer: string(s.Issuer), ClientID: string(s.ClientID)},
			value:   token.NewSecret(string(s.Value)),
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

// unseal decrypts an age file: ErrSealKey when it is whole but for another key, another error when it is damaged.
func unseal(sealed []byte, with age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, ErrSealKey
	}
	if err != nil {
		return nil, errors.New("not an age file, or cut")
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return nil, errors.New("cut or changed after it was sealed")
	}
	return plain, nil
}
