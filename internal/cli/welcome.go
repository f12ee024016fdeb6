package cli

import (
	"context"
	"io"
)

const welcome = `simsid signs in to SIMS ID from a terminal and shows what is inside its tokens.

Try it now, without an account, a network or any configuration:
  simsid login --emulator

Sign in to a provider of your own:
  simsid profile add          # asks what it needs
  simsid login

See every command:
  simsid help
`

// runWelcome answers a bare "simsid": a newcomer is told what to type, everybody else how things stand.
func runWelcome(ctx context.Context, a *app) error {
	status, err := a.status()
	if err != nil {
		return err
	}
	if len(status.Rows) > 0 || a.json() {
		return runStatus(ctx, a)
	}
	_, err = io.WriteString(a.env.Stdout, welcome)
	return err
}
