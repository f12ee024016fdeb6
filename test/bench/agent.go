//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// accountName is the account that the agent has loaded.
const accountName = "bench"

// agent is Debian's oidc-agent with one account, which has an access token at hand.
type agent struct {
	cmd    *exec.Cmd
	dir    string
	socket string
}

func startAgent(ctx context.Context, dir string) (*agent, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := &agent{dir: dir, socket: filepath.Join(dir, "s")}
	// On the console, so that it stays our child.
	a.cmd = exec.CommandContext(ctx, "oidc-agent", "--console", "--no-autoload", "--no-webserver", "-a", a.socket)
	a.cmd.Env = a.env()
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	err := a.await(ctx)
	if err == nil {
		err = a.load(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// await returns when the agent takes connections. It has no other way of saying so: its output is held back while it isn't a terminal.
func (a *agent) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", a.socket)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("oidc-agent doesn't listen: %w", err)
		case <-tick.C:
		}
	}
}

// load makes an account at a little provider of our own, which has no other purpose, by handing the agent a refresh token.
func (a *agent) load(ctx context.Context) error {
	issuer, end, err := serveProvider()
	if err != nil {
		return err
	}
	defer end()
	generate := exec.CommandContext(ctx, "oidc-gen", "--rt=bench", "--iss="+issuer, "--client-id=bench", "--client-secret=bench",
		"--scope=openid offline_access", "--redirect-uri=http://localhost:4242", "--pw-env=PW", "--prompt=none", "--confirm-yes", accountName)
	generate.Env = append(a.env(), "PW=bench")
	if _, err := output(generate); err != nil {
		return err
	}
	// The first request may fetch a token; from then on it is at hand.
	token := exec.CommandContext(ctx, "oidc-token", accountName)
	token.Env = a.env()
	out, err := output(token)
	if err == nil && len(bytes.TrimSpace(out)) != tokenLength {
		err = fmt.Errorf("oidc-token printed %d bytes, not the token", len(out))
	}
	return err
}

func (a *agent) env() []string {
	return []string{"OIDC_SOCK=" + a.socket, "OIDC_CONFIG_DIR=" + a.dir, "HOME=" + a.dir, "PATH=" + os.Getenv("PATH")}
}

func (a *agent) close() error {
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = a.cmd.Wait() // it ends by the signal, which is no success
	return nil
}

// tokenLength is about an access token's of the emulator.
const tokenLength = 1200

// serveProvider serves what oidc-agent asks of a provider when it is given a refresh token.
func serveProvider() (issuer string, end func(), err error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	issuer = "http://" + l.Addr().String()
	token := strings.Repeat(rand.Text(), tokenLength)[:tokenLength]
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/jwks",
			"scopes_supported": []string{"openid", "offline_access"}, "response_types_supported": []string{"code"},
			"grant_types_supported": []string{"authorization_code", "refresh_token"},
		})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{
			"access_token": token, "refresh_token": "bench", "token_type": "Bearer", "expires_in": 86400, "scope": "openid offline_access",
		})
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	return issuer, func() { _ = server.Close() }, nil
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
}
