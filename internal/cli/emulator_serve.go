package cli

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/scenario"
	"github.com/simsid/simsid/internal/token"
)

// serveEmulator serves until ctx ends, which is how an emulator is meant to end.
func (a *app) serveEmulator(ctx context.Context, o *emulatorOptions, sc *scenario.Scenario, listener *emulator.Listener) error {
	log := &emulatorLog{app: a, json: o.log == "json"}
	ready := render.Emulator{Issuer: sc.Issuer, Port: listener.Port, PID: a.env.PID}
	if ready.Issuer == "" {
		scheme := "http"
		if sc.HTTPS {
			scheme = "https"
		}
		ready.Issuer = scheme + "://localhost:" + strconv.Itoa(listener.Port) + "/"
	}
	var certificate *tls.Certificate
	if sc.HTTPS {
		ca, err := a.emulatorAuthority(ctx)
		if err != nil {
			return err
		}
		made, err := ca.Certificate()
		if err != nil {
			return err
		}
		certificate, ready.CA = &made, ca.Path()
	}
	secret := make([]byte, 16)
	if _, err := io.ReadFull(a.env.Rand, secret); err != nil {
		return fmt.Errorf("make a token for faults: %w", err)
	}
	ready.FaultsToken = hex.EncodeToString(secret)
	server, err := emulator.New(emulator.Options{
		Issuer: ready.Issuer, Dir: stateDir(o.state), Now: a.env.Now, Rand: a.env.Rand, As: sc.As, Config: &sc.Config,
		Notice: log.warning, Observe: log.exchange, AdminToken: token.NewSecret(ready.FaultsToken), Faults: sc.Faults, After: a.env.After,
	})
	if is[*emulator.UnknownUserError](err) {
		return err
	}
	if err != nil {
		return &hintedError{Code: exitUsage, Err: err}
	}
	a.introduce(ctx, o, sc, server, ready, log)
	remove, err := a.announce(ctx, o, ready)
	if err != nil {
		return err
	}
	defer remove()
	return server.Serve(ctx, listener, certificate)
}

func stateDir(state string) string {
	if state == "memory" {
		return ""
	}
	return state
}

// introduce says to people what is served, and what of it is unlikely to be meant.
func (a *app) introduce(ctx context.Context, o *emulatorOptions, sc *scenario.Scenario, server *emulator.Server, ready render.Emulator, log *emulatorLog) {
	if u, err := url.Parse(ready.Issuer); err == nil && isLoopbackName(u.Hostname()) && u.Port() != strconv.Itoa(ready.Port) {
		log.warning(fmt.Errorf("the issuer is %s, but the emulator listens on port %d", ready.Issuer, ready.Port))
	}
	if o.listen != "localhost" && !isLoopbackAddress(o.listen) {
		log.warning(fmt.Errorf("others can reach this development server at %s: its users and secrets are public", o.listen))
		if isLoopbackIssuer(ready.Issuer) {
			log.warning(fmt.Errorf("it answers to this machine's own names alone until --issuer says by which name others reach it"))
		}
	}
	if log.json {
		log.notice("info", "the emulator serves "+ready.Issuer+", a development server")
		return
	}
	card := ready
	card.As, card.Rules, card.State, card.Faults = sc.As, string(sc.Config.Rules), "in memory, gone at the end", len(server.Faults())
	if dir := stateDir(o.state); dir != "" {
		card.State = dir
	}
	for _, u := range sc.Config.Users {
		card.Users = append(card.Users, u.Login)
	}
	builtin, own := false, emulator.Clients(o.site())[0].ID
	for _, c := range sc.Config.Clients {
		card.Clients = append(card.Clients, c.ID)
		builtin = builtin || c.ID == own
	}
	card.IMIS = o.imis
	switch {
	case builtin && o.imis:
		card.Next = []string{
			"simsid profile add dev-imis --kind emulator-imis --issuer " + ready.Issuer,
			"simsid login -p dev-imis",
		}
	// The built-in client's redirect is plain http on loopback, which the other rules refuse.
	case builtin && sc.Config.Rules == emulator.RulesLocal:
		card.Next = []string{
			"simsid profile add dev --kind emulator --issuer " + ready.Issuer,
			"simsid login -p dev",
		}
	}
	// What can't be said on standard error can't be said at all.
	_ = render.Write(ctx, a.env.Stderr, card, a.textOptions())
	a.say("")
}

// textOptions are those of words on standard error, whatever the answer's form.
func (a *app) textOptions() render.Options {
	o := a.renderOptions(a.env.StderrTTY)
	o.JSON, o.JQ = false, ""
	return o
}

// announce writes the ready line, and returns what takes its file away again.
func (a *app) announce(ctx context.Context, o *emulatorOptions, ready render.Emulator) (remove func(), err error) {
	remove = func() {}
	options := render.Options{JSON: true, Line: true, JQ: a.global.jq}
	if o.readyFile != "" {
		if err := writeReady(ctx, o.readyFile, ready); err != nil {
			return remove, err
		}
		remove = func() { _ = os.Remove(o.readyFile) } // nobody is left to be told
	}
	if err := render.Write(ctx, a.env.Stdout, ready, options); err != nil {
		remove()
		return remove, err
	}
	return remove, nil
}

// writeReady writes the ready line to a file that is there with all of it or not at all. It holds a token, so it is the owner's.
func writeReady(ctx context.Context, path string, ready render.Emulator) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // of mode 0600
	if err != nil {
		return fmt.Errorf("write the ready file: %w", err)
	}
	defer os.Remove(f.Name()) // gone already where all went well
	err = render.Write(ctx, f, ready, render.Options{JSON: true, Line: true})
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the ready file: %w", err)
	}
	return nil
}

// emulatorAuthority is the CA of the emulators that this user serves.
func (a *app) emulatorAuthority(ctx context.Context) (*emulator.Authority, error) {
	dir, err := a.stateFolder("emulator")
	if err != nil {
		return nil, err
	}
	return emulator.OpenAuthority(ctx, dir, a.env.Now, a.env.Rand)
}
