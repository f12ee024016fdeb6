package cli

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/word"
)

// trusted are the certificate authorities beside the system's. A variable whose file is of no use is warned of.
func (s *session) trusted(ctx context.Context) ([]*x509.Certificate, error) {
	all, useless, err := s.authorities(ctx)
	if useless != nil {
		s.line("warning", "SSL_CERT_FILE is of no use: %v", useless)
	}
	return all, err
}

// authorities are the certificate authorities beside the system's: the user's by ca_file and SSL_CERT_FILE, and for a kind that has one, that
// of the emulators served here. useless says why the file of the variable couldn't be read, which stops nothing.
func (s *session) authorities(ctx context.Context) (all []*x509.Certificate, useless, err error) {
	if s.kind.OwnCA {
		own, err := s.trustedAuthority()
		if err != nil {
			return nil, nil, err
		}
		if own != nil {
			all = append(all, own)
		}
	}
	if name := s.profile.CAFile; name != "" {
		more, err := s.readAuthorities(ctx, name)
		if err != nil {
			return nil, nil, s.uselessCAFile(name, err)
		}
		all = append(all, more...)
	}
	// Go reads this variable on Unix alone, and says nothing where its file isn't there.
	if name := s.env.Getenv("SSL_CERT_FILE"); name != "" {
		var more []*x509.Certificate
		more, useless = s.readAuthorities(ctx, name)
		all = append(all, more...)
	}
	return all, useless, nil
}

// uselessCAFile says what is wrong with ca_file, and the ways out.
func (s *session) uselessCAFile(name string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	e := &hintedError{Code: exitUsage, Err: fmt.Errorf("ca_file: %w", err), Hints: s.fileHints("ca_file", name, err)}
	if is[*authoritiesError](err) {
		e.Hints = append([]string{"it is a PEM file, with lines BEGIN CERTIFICATE; to make one of a DER file: openssl x509 -inform der -in FILE -out ca.pem"}, e.Hints...)
	}
	e.Hints = append(e.Hints, "or trust this system's authorities alone: "+s.set("ca_file", ""))
	return e
}

// checkProxy refuses a variable that net/http would pass over in silence, and go to the provider directly: whoever has set it wants nothing to
// leave by another way.
func (s *session) checkProxy() error {
	name := s.uselessProxy()
	if name == "" || s.kind.OwnCA || !strings.HasPrefix(s.profile.Issuer, "https://") { // on this machine no proxy is asked
		return nil
	}
	return &hintedError{Code: exitUsage, Text: name + proxyUseless, Hints: []string{
		"escape what is special in its password: % is %25, @ is %40", "or take it away: unset " + name}}
}

const proxyUseless = " isn't the address of a proxy, such as http://proxy.example:3128"

// uselessProxy names the variable whose value is no proxy's address, "" where there is none. The value may hold a password, and isn't
// shown.
func (s *session) uselessProxy() string {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		v := s.env.Getenv(name)
		if v == "" {
			continue
		}
		u, err := url.Parse(v)
		if err != nil || u.Host == "" { // as net/http reads it, "proxy:3128" is one as well
			u, err = url.Parse("http://" + v)
		}
		if err != nil || u.Host == "" {
			return name
		}
		return ""
	}
	return ""
}

// readAuthorities reads the certificates of a PEM file; what else is in it is passed over.
func (s *session) readAuthorities(ctx context.Context, name string) ([]*x509.Certificate, error) {
	rest, err := s.readFile(ctx, name)
	if err != nil {
		return nil, err
	}
	rest = []byte(withoutMark(string(rest)))
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, &authoritiesError{word.File(name), fmt.Sprintf("certificate %d can't be read", len(all)+1)}
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, &authoritiesError{word.File(name), "there is no certificate in it"}
	}
	return all, nil
}

// authoritiesError says that a file was read, and isn't one of certificates.
type authoritiesError struct{ Name, Problem string }

func (e *authoritiesError) Error() string { return e.Name + ": " + e.Problem }

// checkTrust refuses a flag that could do nothing: the STS inside simsid is asked without a connection.
func (s *session) checkTrust() error {
	if s.embedded() && s.profile.Origins["ca_file"].Source == config.FromFlag {
		return &usageError{Problem: "--ca-file has no meaning for the STS inside simsid, which is asked without a network"}
	}
	return nil
}
