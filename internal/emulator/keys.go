package emulator

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is SHA-1 by RFC 7517 section 4.8; it names a key and protects nothing
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// signingKey is a key with its certificate, by whose SHA-1 it is named.
type signingKey struct {
	private     *rsa.PrivateKey
	certificate []byte // DER
	id          string // kid and x5t alike
}

// keyRecord is a key as the state keeps it, in PEM.
type keyRecord struct {
	Private     string `json:"private"`
	Certificate string `json:"certificate"`
}

// makeKey takes about a tenth of a second, and is done once in a state's life.
func (s *Server) makeKey() (keyRecord, error) {
	private, err := rsa.GenerateKey(s.rand, 2048)
	if err != nil {
		return keyRecord{}, fmt.Errorf("make a signing key: %w", err)
	}
	serial, err := s.random(16)
	if err != nil {
		return keyRecord{}, err
	}
	serial[0] &= 0x7f // a serial number is positive (RFC 5280 section 4.1.2.2)
	now := s.now()
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: "simsid emulator: signs nothing real"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	certificate, err := x509.CreateCertificate(s.rand, template, template, &private.PublicKey, private)
	if err != nil {
		return keyRecord{}, fmt.Errorf("make the signing key's certificate: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return keyRecord{}, fmt.Errorf("encode the signing key: %w", err)
	}
	return keyRecord{
		Private:     string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		Certificate: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
	}, nil
}

func (r keyRecord) parse() (*signingKey, error) {
	private, _ := pem.Decode([]byte(r.Private))
	certificate, _ := pem.Decode([]byte(r.Certificate))
	if private == nil || certificate == nil {
		return nil, errors.New("read the signing key: no PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("read the signing key: it is no RSA key")
	}
	sum := sha1.Sum(certificate.Bytes) //nolint:gosec // see the import
	return &signingKey{key, certificate.Bytes, base64.RawURLEncoding.EncodeToString(sum[:])}, nil
}

// keyCache keeps parsed keys; a record that changed under it, as when a state file was set aside, is read afresh.
type keyCache struct {
	mu   sync.Mutex
	from keyRecord
	key  *signingKey
}

func (k *keyCache) parse(r keyRecord) (*signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key != nil && k.from == r {
		return k.key, nil
	}
	key, err := r.parse()
	if err != nil {
		return nil, err
	}
	k.from, k.key = r, key
	return key, nil
}

// keyIn returns the state's key, and makes it if there is none; st is being updated.
func (s *Server) keyIn(st *state) (*signingKey, error) {
	if len(st.Keys) == 0 {
		record, err := s.makeKey()
		if err != nil {
			return nil, err
		}
		st.Keys = append(st.Keys, record)
	}
	return s.keys.parse(st.Keys[0])
}

// key returns the signing key, which the first request makes.
func (s *Server) key(ctx context.Context) (*signingKey, error) {
	st, err := s.store.read(ctx)
	if err != nil {
		return nil, err
	}
	if len(st.Keys) > 0 {
		return s.keys.parse(st.Keys[0])
	}
	var key *signingKey
	err = s.store.update(ctx, func(st *state) error {
		key, err = s.keyIn(st)
		return err
	})
	return key, err
}

// sign makes a JWT. The header has the members that IdentityServer3 writes, in its order.
func (k *signingKey) sign(claims claimSet) (string, error) {
	header := claimSet{}.with("typ", "JWT").with("alg", "RS256").with("x5t", k.id).with("kid", k.id)
	input := base64.RawURLEncoding.EncodeToString(header.bytes()) + "." + base64.RawURLEncoding.EncodeToString(claims.bytes())
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// maxJWT is the longest JWT that is looked at, in bytes.
const maxJWT = 50 << 10

var errNotOurs = errors.New("not a token of this server")

// verify reads a token that this key has signed. The algorithm is fixed: the header is only compared with it.
func (k *signingKey) verify(raw string) (claimSet, error) {
	parts := strings.Split(raw, ".")
	if len(raw) > maxJWT || len(parts) != 3 {
		return nil, errNotOurs
	}
	enc := base64.RawURLEncoding.Strict()
	header, err := enc.DecodeString(parts[0])
	if err != nil {
		return nil, errNotOurs
	}
	var h struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	if json.Unmarshal(header, &h) != nil || h.Algorithm != "RS256" || h.KeyID != k.id {
		return nil, errNotOurs
	}
	signature, err := enc.DecodeString(parts[2])
	if err != nil {
		return nil, errNotOurs
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&k.private.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return nil, errNotOurs
	}
	payload, err := enc.DecodeString(parts[1])
	if err != nil {
		return nil, errNotOurs
	}
	return parseClaims(payload)
}

// serveKeys answers the JWK set (RFC 7517 section 5). IdentityServer3 writes no "alg".
func (s *Server) serveKeys(w http.ResponseWriter, r *http.Request) {
	key, err := s.key(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	public := key.private.PublicKey
	exponent := bytes.TrimLeft(big.NewInt(int64(public.E)).Bytes(), "\x00")
	jwk := claimSet{}.
		with("kty", "RSA").
		with("use", "sig").
		with("kid", key.id).
		with("x5t", key.id).
		with("e", base64.RawURLEncoding.EncodeToString(exponent)).
		with("n", base64.RawURLEncoding.EncodeToString(public.N.Bytes())).
		with("x5c", []string{base64.StdEncoding.EncodeToString(key.certificate)}) // standard base64: RFC 7517 section 4.7
	writeJSON(w, http.StatusOK, claimSet{}.with("keys", []json.RawMessage{jwk.bytes()}))
}
