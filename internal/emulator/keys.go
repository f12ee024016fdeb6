package emulator

import (
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

// keyCache keeps parsed keys under the records that they were read from.
type keyCache struct {
	mu  sync.Mutex
	all map[keyRecord]*signingKey
}

// maxKeys is how many keys a state holds: the one that signs, and those before it, for tokens that they have signed.
const maxKeys = 8

func (k *keyCache) parse(r keyRecord) (*signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.all[r]; key != nil {
		return key, nil
	}
	key, err := r.parse()
	if err != nil {
		return nil, err
	}
	if k.all == nil || len(k.all) > 2*maxKeys {
		k.all = map[keyRecord]*signingKey{}
	}
	k.all[r] = key
	return key, nil
}

// keysIn returns a state's keys, of which the first signs.
func (s *Server) keysIn(st *state) ([]*signingKey, error) {
	var out []*signingKey
	for _, record := range st.Keys {
		key, err := s.keys.parse(record)
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, nil
}

// allKeys returns the keys, and makes the first if there is none.
func (s *Server) allKeys(ctx context.Context) ([]*signingKey, error) {
	st, err := s.store.read(ctx)
	if err != nil {
		return nil, err
	}
	if len(st.Keys) == 0 {
		// Two requests at once may both make one: the first to be kept is taken by both.
		if err := s.addKey(ctx, func(st *state) bool { return len(st.Keys) == 0 }); err != nil {
			return nil, err
		}
		if st, err = s.store.read(ctx); err != nil {
			return nil, err
		}
	}
	return s.keysIn(st)
}

// key returns the key that signs.
func (s *Server) key(ctx context.Context) (*signingKey, error) {
	all, err := s.allKeys(ctx)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// signer returns the key that signs, if the state has one that can be read: it saves a grant another look at the state.
func (s *Server) signer(st *state) *signingKey {
	if len(st.Keys) == 0 {
		return nil
	}
	key, err := s.keys.parse(st.Keys[0])
	if err != nil {
		return nil
	}
	return key
}

// addKey makes a key, outside of every lock, and lets it sign from now on if it is still wanted.
func (s *Server) addKey(ctx context.Context, wanted func(*state) bool) error {
	record, err := s.makeKey()
	if err != nil {
		return err
	}
	return s.store.update(ctx, func(st *state) error {
		if wanted(st) {
			st.Keys = append([]keyRecord{record}, st.Keys[:min(len(st.Keys), maxKeys-1)]...)
		}
		return nil
	})
}

// RotateKey lets a new key sign from now on. The old ones stay in the JWK set, and tokens that they have signed hold.
func (s *Server) RotateKey(ctx context.Context) error {
	if err := s.addKey(ctx, func(*state) bool { return true }); err != nil {
		return fmt.Errorf("change the emulator's key: %w", err)
	}
	return nil
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

// verify reads a token that one of the server's keys has signed. The error is errNotOurs or one of the state.
func (s *Server) verify(ctx context.Context, raw string) (claimSet, error) {
	all, err := s.allKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range all {
		if claims, err := key.verify(raw); err == nil {
			return claims, nil
		}
	}
	return nil, errNotOurs
}

// serveKeys answers the JWK set (RFC 7517 section 5). IdentityServer3 writes no "alg".
func (s *Server) serveKeys(w http.ResponseWriter, r *http.Request) {
	all, err := s.allKeys(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	var set []json.RawMessage
	for _, key := range all {
		set = append(set, key.public().bytes())
	}
	writeJSON(w, http.StatusOK, claimSet{}.with("keys", set))
}

// public is the key's JWK.
func (k *signingKey) public() claimSet {
	public := k.private.PublicKey
	return claimSet{}.
		with("kty", "RSA").
		with("use", "sig").
		with("kid", k.id).
		with("x5t", k.id).
		with("e", base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes())).
		with("n", base64.RawURLEncoding.EncodeToString(public.N.Bytes())).
		with("x5c", []string{base64.StdEncoding.EncodeToString(k.certificate)}) // standard base64: RFC 7517 section 4.7
}
