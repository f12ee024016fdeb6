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
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/token"
)

// publicKey is one key (RFC 7517) that can check signatures: a public one, or a shared secret that the user gave as one.
type publicKey struct {
	id   string
	alg  string   // the only algorithm that it is for; "" when it doesn't say
	use  string   // "sig", "enc", ""
	ops  []string // nil when it doesn't say
	key  any      // *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey or sharedSecret
	kind string   // "RSA of 2048 bits", for people
}

// sharedSecret is a key for HMAC, in the spellings that a file of it may have.
type sharedSecret []token.Secret

// isPublic reports whether a text is a key that everybody may know: a verifier that takes it for an HMAC's secret takes what anybody signs.
func isPublic(text []byte) bool {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("-----BEGIN ")) || bytes.HasPrefix(text, []byte("ssh-")) || bytes.HasPrefix(text, []byte("ecdsa-sha2-")) {
		return !bytes.Contains(text, []byte("PRIVATE KEY-----"))
	}
	o, _ := token.ParseObject(text) // empty where it is none
	kty, _ := o.String("kty")
	_, set := o.Get("keys")
	return set || kty != "" && kty != "oct"
}

// SharedSecret makes a key for HS256, HS384 and HS512 of a secret, and for nothing else. A line break at the end of text, which
// editors put there, may belong to the secret or not; a JWK of type oct (RFC 7518 section 6.4) stands for the bytes in it.
func SharedSecret(text []byte) (KeySet, error) {
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	if len(text) == 0 {
		return KeySet{}, &KeySetError{"the secret is empty"}
	}
	if isPublic(text) {
		return KeySet{}, &KeySetError{"it is a public key, so anybody who knows it could have signed (RFC 8725 section 2.1)"}
	}
	k := publicKey{}
	spellings := sharedSecret{token.NewSecret(string(text))}
	if bare := bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r")); len(bare) < len(text) {
		if len(bare) == 0 {
			return KeySet{}, &KeySetError{"the secret is empty"}
		}
		spellings = append(spellings, token.NewSecret(string(bare)))
	}
	o, _ := token.ParseObject(text) // empty where it is none
	if kty, _ := o.String("kty"); kty == "oct" {
		b := member(o, "k")
		if len(b) == 0 {
			return KeySet{}, &KeySetError{"a JWK of type oct without its member k"}
		}
		k.alg, _ = o.String("alg")
		spellings = sharedSecret{token.NewSecret(string(b))}
	}
	k.key = spellings
	k.kind = fmt.Sprintf("a shared secret of %d bits", 8*spellings[len(spellings)-1].Len())
	return KeySet{given: true, keys: []publicKey{k}}, nil
}

// ParsePEM reads public keys in PEM: "PUBLIC KEY" (RFC 5280), "RSA PUBLIC KEY" (RFC 8017), or the key of a "CERTIFICATE", which
// isn't checked further. A private key is refused. The error is a *KeySetError.
func ParsePEM(text []byte) (KeySet, error) {
	k := KeySet{given: true}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		key, err := pemKey(block)
		if err != nil {
			return KeySet{}, err
		}
		public := publicKey{key: key}
		if public.kind = kindOf(key); public.kind == "" {
			return KeySet{}, &KeySetError{"a public key of a type that no signature of a token is made with: RSA, EC on P-256, P-384 or P-521, and Ed25519 are known"}
		}
		if k.keys = append(k.keys, public); len(k.keys) > maxKeys {
			return KeySet{}, &KeySetError{fmt.Sprintf("more than %d keys", maxKeys)}
		}
	}
	if len(k.keys) == 0 {
		return KeySet{}, &KeySetError{"no key in PEM: it begins with -----BEGIN PUBLIC KEY-----"}
	}
	return k, nil
}

func pemKey(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			return key, nil
		}
	case "RSA PUBLIC KEY":
		if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
			return key, nil
		}
	case "CERTIFICATE":
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			return c.PublicKey, nil
		}
	default:
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, &KeySetError{"it is a private key, which isn't needed to check a signature: give the public one"}
		}
		return nil, &KeySetError{"PEM of another kind: a PUBLIC KEY or a CERTIFICATE is needed"}
	}
	return nil, &KeySetError{"a " + block.Type + " in PEM that can't be read"}
}

// readKey reads one public key of a JWKS. A private or symmetric key is none to verify with, and certificates beside it are of no use
// here.
func readKey(raw json.RawMessage) (publicKey, bool) {
	o, _ := token.ParseObject(raw) // empty where it is none, and so no key
	if _, private := o.Get("d"); private {
		return publicKey{}, false
	}
	k := publicKey{key: readPublic(o), ops: o.Strings("key_ops")}
	k.id, _ = o.String("kid")
	k.alg, _ = o.String("alg")
	k.use, _ = o.String("use")
	k.kind = kindOf(k.key)
	return k, k.kind != ""
}

// readPublic reads the key itself (RFC 7518 section 6, RFC 8037 section 2); nil when it is none that is known.
func readPublic(o token.Object) any {
	kty, _ := o.String("kty")
	crv, _ := o.String("crv")
	switch kty {
	case "RSA":
		n, e := new(big.Int).SetBytes(member(o, "n")), new(big.Int).SetBytes(member(o, "e"))
		// An exponent is odd, above 1, and small in practice; crypto/rsa takes none beyond 31 bits.
		if n.Sign() == 0 || e.BitLen() > 31 || e.Int64() < 3 || e.Bit(0) == 0 {
			return nil
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}
	case "EC":
		return readPoint(crv, member(o, "x"), member(o, "y"))
	case "OKP":
		if x := member(o, "x"); crv == "Ed25519" && len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	}
	return nil
}

// readPoint reads a point that lies on its curve. Some servers leave the zeros at the front of a coordinate away.
func readPoint(crv string, x, y []byte) any {
	curve, ok := curves()[crv]
	if !ok {
		return nil
	}
	size := (curve.Params().BitSize + 7) / 8
	if len(x) > size || len(y) > size {
		return nil
	}
	point := make([]byte, 1+2*size)
	point[0] = 4 // uncompressed
	copy(point[1+size-len(x):], x)
	copy(point[1+2*size-len(y):], y)
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil
	}
	return key
}

func curves() map[string]elliptic.Curve {
	return map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
}

// member decodes a base64url member. Padding isn't allowed there, and comes nevertheless.
func member(o token.Object, name string) []byte {
	v, _ := o.String(name)
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(v, "="))
	if err != nil {
		return nil
	}
	return b
}

// kindOf says what a key is, for people; "" for none that is known.
func kindOf(key any) string {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA of %d bits", key.N.BitLen())
	case *ecdsa.PublicKey:
		if name := key.Curve.Params().Name; curves()[name] != nil {
			return "EC on " + name
		}
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return ""
}

// unfit says why a key can't check signatures of an algorithm; "" when it can.
func (k publicKey) unfit(alg string) string {
	switch {
	case k.use != "" && k.use != "sig", k.ops != nil && !slices.Contains(k.ops, "verify"):
		return "the key isn't for signatures"
	case k.alg != "" && k.alg != alg:
		return "the key is for another algorithm"
	}
	rule, _ := ruleOf(alg) // none suits no key
	if rule.suits(k.key) {
		if key, ok := k.key.(*rsa.PublicKey); ok {
			// RFC 7518 sections 3.3 and 3.5.
			if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
				return fmt.Sprintf("the key is %s; %d to %d are allowed", k.kind, minRSA, maxRSA)
			}
		}
		return ""
	}
	return fmt.Sprintf("the key is %s, which can't be %s's", k.kind, clip(alg, kidShown))
}
