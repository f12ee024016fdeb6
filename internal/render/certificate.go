package render

import (
	"strings"
	"time"
)

// CertificateShown is the answer of cert show and cert renew.
type CertificateShown struct {
	Path        string
	Fingerprint string // SHA-256, as browsers show it
	Names       []string
	NotBefore   time.Time
	NotAfter    time.Time
	RenewedFrom time.Time // from when on a login makes a new one
}

// trustStep is how a system is told to trust the certificate: by a command, or else in words.
type trustStep struct {
	where, how string
	command    bool
}

// exported is the file that the commands read.
const exported = "simsid.pem"

// trustSteps tell it of each system. The certificate is no authority: it is trusted as a peer or for one host, never to sign others.
func trustSteps() []trustStep {
	return []trustStep{
		{"All, first", "simsid cert export " + exported, true},
		// A newer Chromium makes the first folder when it is started for the first time, and reads only the second where that is there.
		{"Chrome and Edge on Linux", "certutil -d ~/.local/share/pki/nssdb -A -t P,, -n simsid -i " + exported, true},
		{"The same, where there is ~/.pki/nssdb", "certutil -d ~/.pki/nssdb -A -t P,, -n simsid -i " + exported, true},
		{"Safari, Chrome and Edge on macOS", "security add-trusted-cert -r trustRoot -p ssl " + exported, true},
		{"Chrome and Edge on Windows", "certutil -user -addstore Root " + exported, true},
		{"Firefox", "Settings, Privacy & Security, View Certificates, Servers, Add Exception: the redirect URI, while a login waits", false},
		{"curl", "curl --cacert " + exported, true},
	}
}

func (v CertificateShown) text(p *printer) {
	p.para(0, asTitle, "The certificate for https on this machine")
	p.gap()
	p.fields(2, []field{
		one("For", strings.Join(v.Names, ", ")),
		one("SHA-256", v.Fingerprint),
		one("Valid", p.moment(v.NotBefore)+" to "+p.moment(v.NotAfter)),
		one("Renewed", "by the first login from "+p.moment(v.RenewedFrom)),
		place("File", v.Path),
	})
	p.gap()
	p.para(0, nil, "It is its own and no authority. Browsers warn of it; compare the fingerprint and go on, or let them trust it:")
	p.gap()
	for _, s := range trustSteps() {
		p.para(2, nil, s.where+":")
		if s.command {
			p.bare(4, asCommand, s.how)
			continue
		}
		p.para(4, nil, s.how)
	}
}

func (v CertificateShown) document() any {
	trust := map[string]string{}
	for _, s := range trustSteps() {
		trust[s.where] = s.how
	}
	return struct {
		Schema      string            `json:"schema"`
		Path        string            `json:"path"`
		Fingerprint string            `json:"sha256"`
		Names       []string          `json:"names"`
		NotBefore   string            `json:"not_before"`
		NotAfter    string            `json:"not_after"`
		Trust       map[string]string `json:"trust"`
	}{schema("certificate"), v.Path, v.Fingerprint, v.Names, stamp(v.NotBefore), stamp(v.NotAfter), trust}
}
