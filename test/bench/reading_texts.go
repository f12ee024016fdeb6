//go:build linux

package main

import (
	"bufio"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strings"
	"time"
)

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

const (
	benchKeyID = "a3rMUgMFv9tPclLa6yF3zAkfquE"
	anHour     = 3600
)

// unsigned is the nth token without its signature, of the size of SIMS ID's access tokens: with it, about 1,000 bytes.
func unsigned(n int) string {
	header := `{"typ":"JWT","alg":"RS256","x5t":"` + benchKeyID + `","kid":"` + benchKeyID + `"}`
	claims := fmt.Sprintf(`{"iss":"https://sts.example/","aud":"https://sts.example/resources","exp":%d,"nbf":%d,"client_id":"pm-sso-1",`+
		`"scope":["openid","profile","roles","partner","partnermanagementapplication"],"sub":"%d|5F1C0000-0000-4000-8000-0000000000aa|head|SIMS|7a1e0000-0000-4000-8000-0000000000bb",`+
		`"auth_time":%d,"idp":"idsrv","name":"Helen Head","site":"8234001","role":"admin@a87b0000-0000-4000-8000-000000000002",`+
		`"userorganisationidentifier":"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S"}`,
		time.Now().Unix()+anHour, time.Now().Unix(), n, time.Now().Unix())
	return encoded([]byte(header)) + "." + encoded([]byte(claims))
}

func signed(key *rsa.PrivateKey, n int) (string, error) {
	input := unsigned(n)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	return input + "." + encoded(signature), err
}

// makeTexts writes keys, tokens and logs.
func (r *reader) makeTexts() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	jwks, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "kid": benchKeyID,
		"n": encoded(key.N.Bytes()), "e": encoded(big.NewInt(int64(key.E)).Bytes()),
	}}})
	if err != nil {
		return err
	}
	one, err := signed(key, 0)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(r.jwks, jwks, 0o600),
		os.WriteFile(r.pem, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o600),
		os.WriteFile(r.token, []byte(one+"\n"), 0o600),
		writeLines(r.signed, signedTokens, func(n int) (string, error) { return signed(key, n) }),
		writeLines(r.tokens, bulkTokens, func(n int) (string, error) {
			signature := make([]byte, 256)
			_, err := rand.Read(signature)
			return unsigned(n) + "." + encoded(signature), err
		}),
		writeLog(r.smallLog, smallLogSize, one),
		writeLog(r.bigLog, logSize, one),
	)
}

func writeLines(file string, count int, line func(int) (string, error)) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for n := range count {
		text, err := line(n)
		if err != nil {
			return errors.Join(err, f.Close())
		}
		_, _ = w.WriteString(text + "\n") // Flush tells
	}
	return errors.Join(w.Flush(), f.Close())
}

// writeLog writes a log of which one line in fifty has a token. Ten thousand lines of it, no two alike, come over and over: the programs
// that read it remember none of them.
func writeLog(file string, size int, token string) error {
	words := strings.Fields(`request handled in ms by worker thread GET POST /api/v1/schools/8412345/pupils status=200 user-agent Mozilla/5.0
		id=44 INFO WARN cache miss for key org:8412345 elapsed=12.4 bytes=2314 trace=4bf92f3577b34da6a3ce929d0e0e4736`)
	var b strings.Builder
	for n := range 10_000 {
		fmt.Fprintf(&b, "2026-11-21T10:%02d:%02d.%03dZ", n/60%60, n%60, n%1000)
		for i := range 8 + n%13 {
			b.WriteString(" " + words[(n*7+i*i)%len(words)])
		}
		if n%50 == 0 {
			at := strings.LastIndexByte(token, '.')
			sum := sha256.Sum256([]byte{byte(n), byte(n >> 8)})
			b.WriteString(" Authorization: Bearer " + token[:at+1] + strings.Repeat(encoded(sum[:]), 8)[:342])
		}
		b.WriteByte('\n')
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	for written := 0; written < size && err == nil; written += b.Len() {
		_, err = f.WriteString(b.String())
	}
	return errors.Join(err, f.Sync(), f.Close())
}
