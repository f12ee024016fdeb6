package provider

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	_ "crypto/sha256" // SHA-256
	_ "crypto/sha512" // SHA-384 and SHA-512
	"math/big"

	"github.com/simsid/simsid/internal/token"
)

// scheme is how a signature is made (RFC 7518 section 3.1, RFC 8037 section 3.1).
type scheme int

const (
	hmacSHA scheme = iota + 1
	pkcs1v15
	pss
	ecdsaP
	edDSA
)

// rule is what an algorithm's name stands for. Nothing of it is negotiated with the token.
type rule struct {
	scheme scheme
	hash   crypto.Hash // 0: the scheme has its own
	curve  string      // of ecdsaP alone
}

// ruleOf looks an algorithm up; none has no rule, nor has any name that isn't here.
func ruleOf(alg string) (rule, bool) {
	switch alg {
	case "RS256":
		return rule{pkcs1v15, crypto.SHA256, ""}, true
	case "RS384":
		return rule{pkcs1v15, crypto.SHA384, ""}, true
	case "RS512":
		return rule{pkcs1v15, crypto.SHA512, ""}, true
	case "PS256":
		return rule{pss, crypto.SHA256, ""}, true
	case "PS384":
		return rule{pss, crypto.SHA384, ""}, true
	case "PS512":
		return rule{pss, crypto.SHA512, ""}, true
	case "ES256":
		return rule{ecdsaP, crypto.SHA256, "P-256"}, true
	case "ES384":
		return rule{ecdsaP, crypto.SHA384, "P-384"}, true
	case "ES512":
		return rule{ecdsaP, crypto.SHA512, "P-521"}, true
	case "EdDSA", "Ed25519": // the second is the first's name since RFC 9864
		return rule{edDSA, 0, ""}, true
	case "HS256":
		return rule{hmacSHA, crypto.SHA256, ""}, true
	case "HS384":
		return rule{hmacSHA, crypto.SHA384, ""}, true
	case "HS512":
		return rule{hmacSHA, crypto.SHA512, ""}, true
	default:
		return rule{}, false
	}
}

// publicAlgorithms are those that a provider can sign with and be checked by its public keys. HMAC isn't among them, since its key
// would be the client's secret or, in the attack of RFC 8725 section 2.1, the public key itself; nor is none.
func publicAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
}

func sharedAlgorithms() []string { return []string{"HS256", "HS384", "HS512"} }

// suits reports whether a key is of the type that the rule is for. An RSA key is no secret of HMAC's, whoever says so.
func (r rule) suits(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return r.scheme == pkcs1v15 || r.scheme == pss
	case *ecdsa.PublicKey:
		return key.Curve.Params().Name == r.curve
	case ed25519.PublicKey:
		return r.scheme == edDSA
	case sharedSecret:
		return r.scheme == hmacSHA
	}
	return false
}

// signs reports whether signature is a key's over input. The key suits the rule.
func (r rule) signs(key any, input, signature []byte) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if r.scheme == pss {
			// RFC 7518 section 3.5: the salt is as long as the hash.
			return rsa.VerifyPSS(key, r.hash, r.digest(input), signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(key, r.hash, r.digest(input), signature) == nil
	case *ecdsa.PublicKey:
		// RFC 7518 section 3.4: both numbers at their full length, one behind the other.
		size := (key.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false
		}
		x, y := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, r.digest(input), x, y)
	case ed25519.PublicKey:
		return ed25519.Verify(key, input, signature)
	case sharedSecret:
		for _, spelling := range key {
			mac := hmac.New(r.hash.New, []byte(spelling.Reveal()))
			mac.Write(input)
			if hmac.Equal(mac.Sum(nil), signature) {
				return true
			}
		}
	}
	return false
}

func (r rule) digest(input []byte) []byte {
	h := r.hash.New()
	h.Write(input)
	return h.Sum(nil)
}

// signedByAny reports whether one of the keys, which were chosen for the algorithm, has signed the token.
func signedByAny(jwt *token.JWT, alg string, keys []publicKey) bool {
	r, _ := ruleOf(alg) // none suits no key
	for _, k := range keys {
		if r.suits(k.key) && r.signs(k.key, jwt.SigningInput, jwt.Signature) {
			return true
		}
	}
	return false
}
