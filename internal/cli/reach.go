package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/certificate"
	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/render"
)

// certificatePlace is where this machine's certificate for https on loopback lies.
func (a *app) certificatePlace() (certificate.Place, error) {
	dir, err := a.stateFolder("certificate")
	return certificate.Place{Dir: dir, Now: a.env.Now, Rand: a.env.Rand}, err
}

// checkReach refuses a profile whose answer could not get here, before anything has happened.
func checkReach(p config.Profile) (flow.Place, error) {
	place, err := flow.CheckRedirect(p.RedirectURI, p.Listen)
	if err != nil {
		return place, err
	}
	if (p.TLSCert == "") != (p.TLSKey == "") {
		return place, &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s has only one of tls_cert and tls_key", p.Name),
			Hints: []string{"give both, or neither: simsid then makes a certificate for this machine"}}
	}
	return place, nil
}

// listenCertificate is what an https redirect URI is served with: the user's own, or this machine's, made on first use.
func (s *session) listenCertificate(ctx context.Context) (*tls.Certificate, error) {
	p := s.profile
	if p.TLSCert != "" {
		c, err := s.ownCertificate(ctx)
		if err != nil {
			return nil, err
		}
		s.warnOfCertificate(c, true)
		return &c.TLS, nil
	}
	place, err := s.certificatePlace()
	if err != nil {
		return nil, err
	}
	c, made, err := place.Ensure()
	if err != nil {
		return nil, err
	}
	switch {
	case s.warnOfCertificate(c, false): // to trust it wouldn't help
	case made:
		s.say("A certificate was made for https on this machine: browsers warn of it until they are told to trust it.")
		s.say("How to: simsid cert show")
	}
	s.say("\nThe certificate that the browser meets, until %s, has the SHA-256", c.Leaf.NotAfter.In(s.env.Location()).Format("2 January 2006"))
	half := len(c.Fingerprint())/2 + 1 // behind a colon
	s.say("\n  %s\n  %s\n", c.Fingerprint()[:half], c.Fingerprint()[half:])
	return &c.TLS, nil
}

// warnOfCertificate says what keeps browsers from taking a certificate for the redirect URI's host, whoever they are told to trust; own says that
// the user brought it. Whom this machine trusts is left to simsid doctor: browsers have lists of their own.
func (s *session) warnOfCertificate(c *certificate.Certificate, own bool) bool {
	u, err := url.Parse(s.profile.RedirectURI)
	if err != nil {
		return false
	}
	whose, other := "the certificate of tls_cert", "give another: "
	if !own {
		whose, other = "the certificate that simsid makes", "bring one for that host: "
	}
	day := func(t time.Time) string { return t.In(s.env.Location()).Format("2 January 2006") }
	var faults []string
	for _, fault := range c.Faults(u.Hostname(), s.env.Now(), x509.NewCertPool()) {
		switch fault {
		case certificate.WrongHost:
			faults = append(faults, "is for "+strings.Join(c.Names(), ", ")+", and not for "+u.Hostname())
		case certificate.Ended:
			faults = append(faults, "ended on "+day(c.Leaf.NotAfter))
		case certificate.NotYet:
			faults = append(faults, "begins on "+day(c.Leaf.NotBefore))
		case certificate.Untrusted:
		}
	}
	if len(faults) == 0 {
		return false
	}
	s.line("warning", "%s %s: browsers refuse it", whose, strings.Join(faults, ", and "))
	s.line("hint", "%s", other+s.set("tls_cert", "cert.pem", "tls_key", "key.pem"))
	return true
}

// ownCertificate reads the profile's tls_cert and tls_key.
func (s *session) ownCertificate(ctx context.Context) (*certificate.Certificate, error) {
	p := s.profile
	cert, err := s.readPEM(ctx, "tls_cert", p.TLSCert)
	if err != nil {
		return nil, err
	}
	key, err := s.readPEM(ctx, "tls_key", p.TLSKey)
	if err != nil {
		return nil, err
	}
	c, err := certificate.Parse(cert, key)
	if err != nil {
		return nil, &hintedError{Code: exitUsage, Err: fmt.Errorf("tls_cert and tls_key: %w", err), Hints: []string{
			"both are PEM files: the certificate, with the chain behind it, and its key without a passphrase",
			"give the two that belong together: " + s.set("tls_cert", "cert.pem", "tls_key", "key.pem"),
			s.withoutOwnCertificate(),
		}}
	}
	return c, nil
}

// readPEM reads the file of a key of the profile.
func (s *session) readPEM(ctx context.Context, key, name string) ([]byte, error) {
	b, err := s.readFile(ctx, name)
	if err == nil || errors.Is(err, context.Canceled) {
		return []byte(withoutMark(string(b))), err
	}
	return nil, &hintedError{Code: exitUsage, Err: fmt.Errorf("%s: %w", key, err), Hints: append(s.fileHints(key, name, err), s.withoutOwnCertificate())}
}

// withoutOwnCertificate is what has a redirect URI served by this machine's certificate.
func (s *session) withoutOwnCertificate() string {
	const way = "or leave both away, and simsid makes a certificate for this machine"
	if s.inFile() && s.profile.Origins["tls_cert"].Source == config.FromProfile && s.profile.Origins["tls_key"].Source == config.FromProfile {
		return way + ": simsid profile edit " + s.profile.Name + " --tls-cert '' --tls-key ''"
	}
	return way
}

// sayPlaces tells where the answer is awaited, and how it gets here from elsewhere.
func (s *session) sayPlaces(e flow.Listening) {
	if len(e.Addresses) == 0 {
		if s.canAsk() {
			s.say("The browser will end at %s, which doesn't lead here.", render.Safe(e.RedirectURI))
			s.say("Paste the whole address that it ends at, and press Enter.")
			return
		}
		s.say("Waiting for the address that the browser ends at (%s) on standard input", render.Safe(e.RedirectURI))
		return
	}
	s.say("Waiting for the answer at %s", render.Safe(e.RedirectURI))
	if s.canAsk() {
		s.say("If the browser can't come back here, paste the address that it ends at, and press Enter.")
	}
	if !s.embedded() { // whose error pages say what was wrong, and how to mend it
		s.say("If the browser shows an error page: Ctrl-C, then simsid doctor -p %s", s.profile.Name)
	}
	s.sayTunnel(e)
}

// pasteFrom is what to paste into: the terminal, or standard input where that was asked for. It must be a nil interface without one.
func (s *session) pasteFrom(o *loginOptions) io.Reader {
	if !o.paste && !s.canAsk() {
		return nil
	}
	return s.env.Stdin
}

// checkPaste refuses a login whose answer nobody could bring.
func (s *session) checkPaste(o *loginOptions, place flow.Place) error {
	if place.Here || o.paste || s.canAsk() {
		return nil
	}
	return &hintedError{Code: exitUsage, Text: fmt.Sprintf("the answer goes to %s, which doesn't lead to this machine, and there is no terminal to paste it into", s.profile.RedirectURI),
		Hints: []string{
			"give it on standard input: simsid login -p " + s.profile.Name + " --paste",
			"if that host is this machine, say where to listen: simsid profile edit " + s.profile.Name + " --listen 127.0.0.1:8443",
		}}
}

// explainReach is the part of explain about redirect URIs, certificates and pasting.
func explainReach(err error, p string, f *failure) bool {
	switch {
	case is[*flow.RedirectError](err):
		e, _ := errors.AsType[*flow.RedirectError](err)
		f.Code = exitUsage
		if e.Open {
			f.Hints = []string{
				"listen on loopback, which is so without listen (RFC 8252 section 8.3)",
				"where the browser is on another machine, or outside of a container: ssh -L brings the answer here, or paste it: simsid login" + p + " --paste",
			}
			break
		}
		f.Hints = []string{"redirect URIs that simsid can listen on: https://localhost:5454/ or http://127.0.0.1:8400/callback (register exactly that string with the provider)"}
	case errors.Is(err, certificate.ErrNone):
		f.Code = exitFailed
		f.Hints = []string{"make it: simsid cert renew; the first login over https does so by itself"}
	case is[*certificate.FileError](err):
		e, _ := errors.AsType[*certificate.FileError](err)
		f.Code = exitStore
		if e.Mend != "" {
			f.Hints = []string{e.Mend}
		}
	case errors.Is(err, flow.ErrDeviceExpired):
		f.Code = exitLogin
		f.Hints = []string{"simsid login" + p}
	case errors.Is(err, flow.ErrNoPaste):
		f.Code = exitLogin
		f.Hints = []string{"paste the whole address that the browser ends at; start anew: simsid login" + p + " --paste"}
	default:
		return false
	}
	return true
}

// listenOrPaste completes a login's request with where its answer comes.
func (s *session) listenOrPaste(ctx context.Context, o *loginOptions, r *flow.LoginRequest) error {
	place, err := checkReach(s.profile)
	if err != nil {
		return err
	}
	r.Paste, r.PasteOnly, r.InsecureNoState = s.pasteFrom(o), o.paste, o.insecureNoState
	if place.HTTPS && !o.paste {
		r.Certificate, err = s.listenCertificate(ctx)
	}
	return err
}
