package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
)

const clientID = "floor"

type tokens struct {
	ID      string `json:"id_token"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func login(folder string) error {
	key, identity, err := readKeys(folder)
	if err != nil {
		return err
	}
	s := &sts{key: key, state: filepath.Join(folder, "state.json")}
	s.issuer, err = serve(s.handler())
	if err != nil {
		return err
	}
	set, nonce, err := signIn(s.issuer)
	if err != nil {
		return err
	}
	name, err := verify(s.issuer, set.ID, nonce)
	if err != nil {
		return err
	}
	if err := keep(filepath.Join(folder, "tokens.age"), set, identity); err != nil {
		return err
	}
	_, err = fmt.Println("signed in:", name)
	return err
}

func readKeys(folder string) (*rsa.PrivateKey, *age.X25519Identity, error) {
	der, err := os.ReadFile(filepath.Join(folder, "key.der"))
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "identity"))
	if err != nil {
		return nil, nil, err
	}
	identity, err := age.ParseX25519Identity(string(text))
	return key, identity, err
}

// serve listens on a free port of loopback until the process ends, and returns its address.
func serve(h http.Handler) (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

// signIn visits the authorization endpoint as a browser would, takes the code on a listener and exchanges it.
func signIn(issuer string) (set tokens, nonce string, err error) {
	var metadata struct {
		Issuer    string `json:"issuer"`
		Authorize string `json:"authorization_endpoint"`
		Token     string `json:"token_endpoint"`
	}
	if err := get(issuer+"/.well-known/openid-configuration", &metadata); err != nil {
		return set, "", err
	}
	if metadata.Issuer != issuer {
		return set, "", errors.New("another issuer")
	}
	state, verifier, nonce := rand.Text(), rand.Text()+rand.Text(), rand.Text()
	answers := make(chan url.Values, 1)
	listener, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers <- r.URL.Query()
		_, _ = io.WriteString(w, "You may close this window.")
	}))
	if err != nil {
		return set, "", err
	}
	redirect := listener + "/callback"
	challenge := sha256.Sum256([]byte(verifier))
	visit, err := http.Get(metadata.Authorize + "?" + url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {redirect}, "scope": {"openid profile offline_access"}, "state": {state},
		"nonce": {nonce}, "code_challenge": {b64(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	if err != nil {
		return set, "", err
	}
	visit.Body.Close()
	q := <-answers
	if q.Get("state") != state {
		return set, "", errors.New("another state")
	}
	resp, err := http.PostForm(metadata.Token, url.Values{
		"grant_type": {"authorization_code"}, "code": {q.Get("code")}, "redirect_uri": {redirect}, "client_id": {clientID}, "code_verifier": {verifier},
	})
	if err != nil {
		return set, "", err
	}
	err = decode(resp, &set)
	return set, nonce, err
}

// verify checks an ID token by the provider's keys, and returns the user's name.
func verify(issuer, raw, nonce string) (string, error) {
	var set struct {
		Keys []struct{ N, E string }
	}
	if err := get(issuer+"/jwks", &set); err != nil {
		return "", err
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || len(set.Keys) != 1 {
		return "", errors.New("no JWT, or not one key")
	}
	n, nErr := base64.RawURLEncoding.DecodeString(set.Keys[0].N)
	e, eErr := base64.RawURLEncoding.DecodeString(set.Keys[0].E)
	signature, sErr := base64.RawURLEncoding.DecodeString(parts[2])
	payload, pErr := base64.RawURLEncoding.DecodeString(parts[1])
	if err := errors.Join(nErr, eErr, sErr, pErr); err != nil {
		return "", err
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature); err != nil {
		return "", err
	}
	var claims struct {
		Iss, Aud, Nonce, Name string
		Exp                   int64
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return "", err
	}
	if claims.Iss != issuer || claims.Aud != clientID || claims.Nonce != nonce || claims.Exp < time.Now().Unix() {
		return "", errors.New("a token for somebody else, or of another time")
	}
	return claims.Name, nil
}

// keep seals the tokens into a file.
func keep(path string, set tokens, identity *age.X25519Identity) error {
	return replace(path, func(f io.Writer) error {
		w, err := age.Encrypt(f, identity.Recipient())
		if err != nil {
			return err
		}
		return errors.Join(json.NewEncoder(w).Encode(set), w.Close())
	})
}

// replace writes a file that is either the old one or the new one whatever happens, and stays once this has returned.
func replace(path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "new")
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func get(address string, into any) error {
	resp, err := http.Get(address)
	if err != nil {
		return err
	}
	return decode(resp, into)
}

func decode(resp *http.Response, into any) error {
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
