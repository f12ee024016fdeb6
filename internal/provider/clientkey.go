package provider

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/simsid/simsid/internal/token"
)

// ClientKey is the private key by which a client says who it is (AuthPrivateKey). Its zero value is none. It shows nothing of
// itself, whatever formats it.
type ClientKey struct {
	key *clientKey
}

type clientKey struct {
	private any    // *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey
	id      string // kid; "" where the provider is to find the key by itself
	alg     string // the one algorithm that it is for; "" where key and metadata leave a choice
}

// KeyError says why a client's private key can't be used. It holds nothing of the key.
type KeyError struct {
	Problem   string
	Encrypted bool // it is one with a passphrase
	// Other is an algorithm that the provider takes and the key can sign by, where another was chosen; Wanted are those that it takes, of which
	// the key knows none. Both are empty where the trouble is another.
	Other  string
	Wanted []string
}

// Error tells the problem.
func (e *KeyError) Error() string { return "private key of the client: " + e.Problem }

// maxClientKey bounds the text of a key: one of RSA with 8192 bits has some 6 KiB.
const maxClientKey = 64 << 10

// byteOrderMark stands before UTF-8 where Windows' editors and shells wrote it, and is no part of a key.
const byteOrderMark = "\ufeff"

// ParseClientKey reads a private key as PEM (PKCS #8, PKCS #1, SEC 1) or as a JWK, alone or in a set of one (RFC 7517). id and alg, where
// they aren't "", stand above what a JWK says of both. Errors are *KeyError.
func ParseClientKey(text token.Secret, id, alg string) (ClientKey, error) {
	raw := strings.TrimSpace(strings.TrimPrefix(text.Reveal(), byteOrderMark))
	var k clientKey
	var problem string
	switch {
	case raw == "":
		problem = "it is empty"
	case len(raw) > maxClientKey:
		problem = fmt.Sprintf("it is longer than %d bytes", maxClientKey)
	case raw[0] == '{':
		k, problem = parseKeyJWK(raw)
	default:
		k.private, problem = parseKeyPEM(raw)
	}
	if problem == "" {
		problem = k.settle(id, alg)
	}
	if problem != "" {
		return ClientKey{}, &KeyError{Problem: problem, Encrypted: problem == encryptedKey}
	}
	return ClientKey{&k}, nil
}

const encryptedKey = "it is encrypted: write it without a passphrase (openssl pkcs8 -topk8 -nocrypt), and keep it in the store"

// parseKeyPEM takes the first private key of a PEM text.
func parseKeyPEM(raw string) (private any, problem string) {
	rest := []byte(raw)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, "it is neither PEM with a private key nor a JWK"
		}
		var err error
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", block.Headers["DEK-Info"] != "":
			return nil, encryptedKey
		case block.Type == "PRIVATE KEY":
			private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case block.Type == "RSA PRIVATE KEY":
			private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case block.Type == "EC PRIVATE KEY":
			private, err = x509.ParseECPrivateKey(block.Bytes)
		default: // a certificate beside it, parameters of a curve
			continue
		}
		switch {
		case err == nil:
			return private, ""
		case bytes.Contains(block.Bytes, rsaPSS()):
			return nil, "its PEM is of type RSA-PSS, which isn't read: write it as plain RSA, which signs by PS256 as well (openssl rsa -traditional)"
		}
		return nil, "its PEM holds no private key that can be read"
	}
}

// rsaPSS is the identifier id-RSASSA-PSS (RFC 4055 section 3.1), as a key's DER has it.
func rsaPSS() []byte { return []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a} }

// parseKeyJWK takes a JWK, or the one private key of a set.
func parseKeyJWK(raw string) (clientKey, string) {
	o, err := token.ParseObject([]byte(raw))
	if err != nil {
		return clientKey{}, "it is no JWK: its JSON can't be read"
	}
	if set, ok := o.Get("keys"); ok {
		var members []json.RawMessage
		if _ = json.Unmarshal(set, &members); len(members) != 1 {
			return clientKey{}, "it is a set of keys: one key is wanted"
		}
		if o, err = token.ParseObject(members[0]); err != nil {
			return clientKey{}, "it is no JWK: its JSON can't be read"
		}
	}
	part := map[string]string{}
	for _, name := range []string{"kty", "n", "e", "d", "p", "q", "dp", "dq", "qi", "crv", "x", "y"} {
		if v, ok := o.String(name); ok {
			part[name] = v
		}
	}
	if part["d"] == "" {
		return clientKey{}, "it is no private key: the JWK has no d"
	}
	bare, _ := json.Marshal(part) //nolint:errchkjson // texts by texts can always be written
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(bare); err != nil { // the library's error may repeat what it read
		return clientKey{}, "it is no JWK of a private key that can be read"
	}
	if use, _ := o.String("use"); use != "" && use != "sig" {
		return clientKey{}, "by its use it isn't for signatures"
	}
	if _, there := o.Get("key_ops"); there && !slices.Contains(o.Strings("key_ops"), "sign") { // RFC 7517 section 4.3
		return clientKey{}, "by its key_ops it isn't for signing"
	}
	k := clientKey{private: parsed.Key}
	k.id, _ = o.String("kid")
	k.alg, _ = o.String("alg")
	return k, ""
}

// settle puts id and alg above the key's own, and says what is wrong with the key.
func (k *clientKey) settle(id, alg string) (problem string) {
	if id != "" {
		k.id = id
	}
	if alg != "" {
		k.alg = alg
	}
	can, problem := k.algorithms()
	if problem != "" {
		return problem
	}
	if k.alg != "" && !slices.Contains(can, k.alg) {
		return fmt.Sprintf("it can't sign by %q, but by %s", clip(k.alg, 40), strings.Join(can, " or "))
	}
	if len(k.id) > kidMax || strings.ContainsFunc(k.id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Sprintf("its kid must be at most %d characters of printable ASCII", kidMax)
	}
	return ""
}

const kidMax = 255

// algorithms are those that the key can sign by, the one that is tried first in front. RS256 is what a provider should know (OpenID
// Connect Core 15.1).
func (k *clientKey) algorithms() (can []string, problem string) {
	switch key := k.private.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
			return nil, fmt.Sprintf("it is RSA of %d bits; %d to %d are allowed", bits, minRSA, maxRSA)
		}
		if key.Validate() != nil {
			return nil, "its parts don't belong together"
		}
		return []string{string(jose.RS256), string(jose.PS256)}, ""
	case *ecdsa.PrivateKey:
		if key.Curve != elliptic.P256() {
			return nil, "it is of the curve " + key.Curve.Params().Name + "; P-256 is wanted"
		}
		return []string{string(jose.ES256)}, ""
	case ed25519.PrivateKey:
		return []string{string(jose.EdDSA), algEd25519}, ""
	}
	return nil, "it is of a kind that can't sign by RS256, PS256, ES256 or EdDSA"
}

// IsZero reports whether there is no key.
func (k ClientKey) IsZero() bool { return k.key == nil }

// Format implements fmt.Formatter, for every verb alike.
func (k ClientKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// String gives a placeholder.
func (k ClientKey) String() string {
	if k.IsZero() {
		return "[none]"
	}
	return "[private key]"
}

// algEd25519 is the name that RFC 9864 section 2.2 gives to EdDSA with this curve.
const algEd25519 = "Ed25519"

// algorithm chooses by what the key can and what the provider's metadata lists; a list that is missing tells nothing.
func (k ClientKey) algorithm(listed []string) (jose.SignatureAlgorithm, error) {
	all, _ := k.key.algorithms()
	can := all
	switch {
	case k.key.alg == "":
	case slices.Contains(all, algEd25519): // its two names are of one algorithm
		can = slices.Compact(append([]string{k.key.alg}, all...))
	default:
		can = []string{k.key.alg}
	}
	if len(listed) == 0 {
		return jose.SignatureAlgorithm(can[0]), nil
	}
	known := func(alg string) bool { return slices.Contains(listed, alg) }
	if i := slices.IndexFunc(can, known); i >= 0 {
		return jose.SignatureAlgorithm(can[i]), nil
	}
	e := &KeyError{Problem: "it signs by " + strings.Join(can, " or ") + ", and the provider takes " + visible(clip(strings.Join(listed, ", "), 200))}
	if i := slices.IndexFunc(all, known); i >= 0 {
		e.Other = all[i]
		return "", e
	}
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA", algEd25519} {
		if known(alg) {
			e.Wanted = append(e.Wanted, alg)
		}
	}
	return "", e
}

// sign makes a compact JWT.
func (k ClientKey) sign(alg jose.SignatureAlgorithm, claims map[string]any) (token.Secret, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return token.Secret{}, errSign
	}
	if alg == algEd25519 { // the library knows the older name alone
		return k.signEd25519(payload)
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	if k.key.id != "" {
		options = options.WithHeader(jose.HeaderKey("kid"), k.key.id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: k.key.private}, options)
	if err != nil {
		return token.Secret{}, errSign
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return token.Secret{}, errSign
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		return token.Secret{}, errSign
	}
	return token.NewSecret(text), nil
}

// signEd25519 is sign by Ed25519's name of its own.
func (k ClientKey) signEd25519(payload []byte) (token.Secret, error) {
	key, ok := k.key.private.(ed25519.PrivateKey)
	if !ok {
		return token.Secret{}, errSign
	}
	head := map[string]string{"alg": algEd25519, "typ": "JWT"}
	if k.key.id != "" {
		head["kid"] = k.key.id
	}
	header, _ := json.Marshal(head) //nolint:errchkjson // texts by texts can always be written
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	return token.NewSecret(input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(input)))), nil
}

// errSign stands for the library's errors, which may hold what was signed with.
var errSign = errors.New("the private key of the client doesn't sign")
