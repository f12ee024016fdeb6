// Command verifies checks the RS256 signature of a token with a public key, as often as it is told, and does nothing else: it is the least
// that verifying tokens costs.
package main

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "verifies:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: verifies KEY.pem TOKEN COUNT")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return errors.New("no key in PEM")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return errors.New("no RSA key")
	}
	token, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	token = bytes.TrimSpace(token)
	at := bytes.LastIndexByte(token, '.')
	if at < 0 {
		return errors.New("no token")
	}
	signature, err := base64.RawURLEncoding.DecodeString(string(token[at+1:]))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(token[:at])
	count, err := strconv.Atoi(args[2])
	for i := 0; i < count && err == nil; i++ {
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	}
	return err
}
