package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// emulated starts simsid emulator with further arguments, waits until it is ready, and puts what its ready line says into $ISSUER,
// $PORT, $CA and $FAULTS_TOKEN; "emulated stop" ends it by SIGTERM and expects exit code 0. Its streams are the files ready.out and
// emulator.log.
func emulated(ts *testscript.TestScript, neg bool, args []string) {
	running, _ := ts.Value(emulatedKey{}).(*emulatedState)
	switch {
	case neg:
		ts.Fatalf("usage: emulated [ARGUMENT...] | emulated stop")
	case len(args) == 1 && args[0] == "stop":
		ts.Check(running.stop())
	default:
		ts.Check(running.start(ts, args))
	}
}

type emulatedKey struct{}

type emulatedState struct {
	command *exec.Cmd
	cancel  context.CancelFunc
}

func (e *emulatedState) start(ts *testscript.TestScript, args []string) error {
	var ctx context.Context
	ctx, e.cancel = context.WithTimeout(context.Background(), time.Minute)
	e.command = exec.CommandContext(ctx, testProgram(), append([]string{"emulator"}, args...)...)
	e.command.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "SIMSID_CONFIG_DIR", "SIMSID_STATE_DIR", "TERM"} {
		e.command.Env = append(e.command.Env, name+"="+ts.Getenv(name))
	}
	log, err := os.Create(ts.MkAbs("emulator.log"))
	if err != nil {
		return err
	}
	defer log.Close()
	e.command.Stderr = log
	out, err := e.command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := e.command.Start(); err != nil {
		return err
	}
	var ready struct {
		Issuer, CA  string
		Port        json.Number
		FaultsToken string `json:"faults_token"`
	}
	line, err := os.Create(ts.MkAbs("ready.json"))
	if err != nil {
		return err
	}
	defer line.Close()
	dec := json.NewDecoder(io.TeeReader(out, line))
	if err := dec.Decode(&ready); err != nil {
		text, _ := os.ReadFile(log.Name())
		ts.Logf("%s", text)
		return err
	}
	ts.Setenv("ISSUER", ready.Issuer)
	ts.Setenv("PORT", ready.Port.String())
	ts.Setenv("CA", ready.CA)
	ts.Setenv("FAULTS_TOKEN", ready.FaultsToken)
	return nil
}

// testProgram is this test as the program simsid, as testscript makes it known by its name.
func testProgram() string {
	path, err := exec.LookPath("simsid")
	if err != nil {
		panic(err)
	}
	return path
}

func (e *emulatedState) stop() error {
	if e.command == nil {
		return nil
	}
	defer e.cancel()
	command := e.command
	e.command = nil
	if runtime.GOOS == "windows" { // which has no SIGTERM
		_ = command.Process.Kill()
		_ = command.Wait()
		return nil
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return command.Wait()
}

// fixedPort puts the number of a free port into a variable that no system hands out by itself, so that it is still free after a
// server there has ended: fixedport VARIABLE.
func fixedPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fixedport VARIABLE")
	}
	var lc net.ListenConfig
	for range 100 {
		port := strconv.Itoa(20000 + rand.IntN(10000))
		l, err := lc.Listen(context.Background(), "tcp4", "127.0.0.1:"+port)
		if err == nil {
			ts.Check(l.Close())
			ts.Setenv(args[0], port)
			return
		}
	}
	ts.Fatalf("no port is free")
}

// ask is a program that makes one request and prints the answer's status and body: ask METHOD ADDRESS [BODY]. A body that begins
// with a brace is JSON, another a form. It trusts $CA beside nobody, sends $BEARER, follows no redirect, and says where one leads.
func ask() {
	if err := askOnce(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func askOnce(args []string) error {
	if len(args) < 2 || len(args) > 3 {
		return errors.New("usage: ask METHOD ADDRESS [BODY]")
	}
	roots := x509.NewCertPool()
	if ca := os.Getenv("CA"); ca != "" {
		b, err := os.ReadFile(ca)
		if err != nil {
			return err
		}
		roots.AppendCertsFromPEM(b)
	}
	client := &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var body io.Reader
	if len(args) == 3 {
		body = strings.NewReader(args[2])
	}
	r, err := http.NewRequestWithContext(context.Background(), args[0], args[1], body)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 3 && strings.HasPrefix(args[2], "{"):
		r.Header.Set("Content-Type", "application/json")
	case len(args) == 3:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if bearer := os.Getenv("BEARER"); bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	fmt.Println(res.StatusCode, res.Header.Get("Location"))
	_, err = io.Copy(os.Stdout, res.Body)
	return err
}
