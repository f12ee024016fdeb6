package render_test

import (
	"strings"
	"testing"

	"github.com/simsid/simsid/internal/render"
)

// TestTrustCommands: a command that is cut into lines can't be pasted, however narrow the terminal is.
func TestTrustCommands(t *testing.T) {
	for _, width := range []int{40, 80, 120} {
		text := write(t, render.CertificateShown{}, render.Options{Width: width})
		for _, command := range []string{
			"simsid cert export simsid.pem",
			"certutil -d ~/.local/share/pki/nssdb -A -t P,, -n simsid -i simsid.pem",
			"certutil -d ~/.pki/nssdb -A -t P,, -n simsid -i simsid.pem",
			"security add-trusted-cert -r trustRoot -p ssl simsid.pem",
			"certutil -user -addstore Root simsid.pem",
			"curl --cacert simsid.pem",
		} {
			if !strings.Contains(text, "\n    "+command+"\n") {
				t.Errorf("at %d columns %q isn't on a line of its own:\n%s", width, command, text)
			}
		}
	}
}
