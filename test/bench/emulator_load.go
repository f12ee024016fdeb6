//go:build linux

package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/simsid/simsid/internal/emulator"
)

// The load on the emulator's token endpoint, and what is asked of it.
const (
	loadClients  = 16
	loadTime     = 10 * time.Second
	loadSlices   = 10      // in which load and floor take turns
	doubleEvery  = 16      // of so many refreshes of a client one sends its handle twice at once
	signatures   = 2       // of a refresh: the access token's and the ID token's
	rateTarget   = 0.5     // of the rate of the signatures alone
	growthTarget = 1 << 20 // what the heap may grow by after the first tenth, in bytes
)

// emulatorLoad measures refreshes at the emulator and prints them beside their floor; it returns how many targets were missed.
func emulatorLoad(ctx context.Context, stdout, stderr io.Writer) (missed int, err error) {
	fmt.Fprintf(stderr, "refreshing at the emulator, %s\n", loadTime)
	l, err := measureLoad(ctx, loadTime)
	if err != nil {
		return 0, fmt.Errorf("the emulator under load: %w", err)
	}
	return l.missed(), l.write(stdout)
}

// load is what the emulator did under load.
type load struct {
	rate    float64 // refreshes a second
	floor   float64 // what the signatures alone would allow
	p50     time.Duration
	p99     time.Duration
	growth  int64 // of the heap, in bytes
	doubles int   // handles that were sent twice at once
	broken  int   // of these, those that didn't win exactly once
}

func (l load) missed() int {
	n := 0
	for _, met := range []bool{l.rate >= rateTarget*l.floor && l.rate > 0, l.growth <= growthTarget, l.broken == 0 && l.doubles > 0} {
		if !met {
			n++
		}
	}
	return n
}

func (l load) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, `
The emulator's token endpoint under refreshes from %d clients, beside the RSA signatures alone:
%8.0f refreshes a second   beside %8.0f   ratio %5.2f   target %4.2f   %s
%8s median, %s 99th percentile
%8.2f MB growth of the heap   target %.2f MB   %s
%8d one-time tokens sent twice at once, %d of which didn't win exactly once   %s
`, loadClients, l.rate, l.floor, l.rate/l.floor, rateTarget, verdict(l.rate >= rateTarget*l.floor),
		milliseconds(l.p50), milliseconds(l.p99),
		float64(l.growth)/(1<<20), float64(growthTarget)/(1<<20), verdict(l.growth <= growthTarget),
		l.doubles, l.broken, verdict(l.broken == 0 && l.doubles > 0))
	return err
}

// measureLoad lets load and floor take turns, since the machine may be slower at one time than at another.
func measureLoad(ctx context.Context, d time.Duration) (load, error) {
	base, stop, err := serveEmulator(ctx)
	if err != nil {
		return load{}, err
	}
	defer stop()
	clients := make([]*refresher, loadClients)
	for i := range clients {
		if clients[i], err = newRefresher(ctx, base); err != nil {
			return load{}, err
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return load{}, err
	}
	if _, err := refreshAll(ctx, clients, d/loadSlices); err != nil { // warms up
		return load{}, err
	}
	var times []time.Duration
	var took, tookFloor time.Duration
	heap, turns, signed := heapInUse(), allTurns(clients), 0
	for range loadSlices {
		started := time.Now()
		more, err := refreshAll(ctx, clients, d/loadSlices)
		if err != nil {
			return load{}, err
		}
		times, took = append(times, more...), took+time.Since(started)
		started = time.Now()
		n, err := signAll(key, d/loadSlices/4)
		if err != nil {
			return load{}, err
		}
		signed, tookFloor = signed+n, tookFloor+time.Since(started)
	}
	out := load{
		rate:   float64(allTurns(clients)-turns) / took.Seconds(),
		floor:  float64(signed) / tookFloor.Seconds() / signatures,
		growth: heapInUse() - heap - 8*int64(cap(times)), // which is the bench's own
	}
	slices.Sort(times)
	if n := len(times); n > 0 {
		out.p50, out.p99 = times[n/2], times[n*99/100]
	}
	for _, c := range clients {
		out.doubles += c.doubles
		out.broken += c.broken
	}
	return out, nil
}

// allTurns is how many refreshes have brought tokens: one each turn, of two at once too.
func allTurns(clients []*refresher) int {
	n := 0
	for _, c := range clients {
		n += c.turns
	}
	return n
}

// serveEmulator serves an emulator whose state is in memory.
func serveEmulator(ctx context.Context) (base string, stop func(), err error) {
	sts, err := emulator.New(emulator.Options{Now: time.Now, Rand: rand.Reader, As: "head"})
	if err != nil {
		return "", nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: sts.Handler(), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // it ends with Close, below
	}()
	return "http://" + l.Addr().String() + "/", func() {
		_ = server.Close() // nothing is left to lose
		<-done
	}, nil
}

// signAll makes as many of the emulator's signatures as all processors can in a while, nothing else, and counts them.
func signAll(key *rsa.PrivateKey, d time.Duration) (total int, err error) {
	workers := runtime.GOMAXPROCS(0)
	counts, failed := make([]int, workers), make([]error, workers)
	end := time.Now().Add(d)
	var wait sync.WaitGroup
	for i := range workers {
		wait.Go(func() {
			sum := sha256.Sum256([]byte{byte(i)})
			for time.Now().Before(end) && failed[i] == nil {
				_, failed[i] = rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
				counts[i]++
			}
		})
	}
	wait.Wait()
	for _, n := range counts {
		total += n
	}
	return total, errors.Join(failed...)
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held on to
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// refresher is one signed-in application, with a connection of its own.
type refresher struct {
	http    *http.Client
	address string
	handle  string
	turns   int
	doubles int
	broken  int
}

// Not a secret: the built-in client's proof key needs some verifier (RFC 7636 appendix B).
const (
	loadVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	loadChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	loadRedirect  = "http://127.0.0.1:1/callback"
)

func newRefresher(ctx context.Context, base string) (*refresher, error) {
	c := &refresher{address: base + "connect/token", http: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2},
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	query := url.Values{
		"client_id": {emulator.BuiltinClient().ID}, "redirect_uri": {loadRedirect}, "response_type": {"code"},
		"scope": {"openid profile roles partner partnermanagementapplication offline_access"}, "nonce": {"n"},
		"code_challenge": {loadChallenge}, "code_challenge_method": {"S256"},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"connect/authorize?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		return nil, err
	}
	c.handle, err = c.ask(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {loadRedirect},
		"code_verifier": {loadVerifier},
	})
	if err == nil && c.handle == "" {
		err = errors.New("no refresh token")
	}
	return c, err
}

// ask returns the refresh token of an answer, or "" where the grant was refused.
func (c *refresher) ask(ctx context.Context, form url.Values) (string, error) {
	form.Set("client_id", emulator.BuiltinClient().ID)
	form.Set("client_secret", emulator.BuiltinClient().Secret.Reveal())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() // it is read to its end
	var answer struct {
		Refresh string `json:"refresh_token"`
		Error   string `json:"error"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return "", err
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK && answer.Error != "invalid_grant" {
		return "", fmt.Errorf("status %d, %s", res.StatusCode, answer.Error)
	}
	return answer.Refresh, nil
}

func (c *refresher) refresh(ctx context.Context) (string, error) {
	return c.ask(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {c.handle}})
}

// turn refreshes once, now and then twice at once, and returns how long each took that brought tokens.
func (c *refresher) turn(ctx context.Context) ([]time.Duration, error) {
	c.turns++
	double := c.turns%doubleEvery == 0
	var second string
	var secondErr error
	var wait sync.WaitGroup
	started := time.Now()
	if double {
		wait.Go(func() { second, secondErr = c.refresh(ctx) })
	}
	first, err := c.refresh(ctx)
	took := time.Since(started)
	wait.Wait()
	if err := errors.Join(err, secondErr); err != nil {
		return nil, err
	}
	if double {
		c.doubles++
		if (first == "") == (second == "") {
			c.broken++
		}
	}
	if c.handle = max(first, second); c.handle == "" {
		return nil, errors.New("a refresh token that was used once was refused")
	}
	if double {
		return nil, nil // what two at once took is another matter
	}
	return []time.Duration{took}, nil
}

// refreshAll lets every client refresh, one refresh after the other, for a while.
func refreshAll(ctx context.Context, clients []*refresher, d time.Duration) ([]time.Duration, error) {
	times, failed := make([][]time.Duration, len(clients)), make([]error, len(clients))
	end := time.Now().Add(d)
	var wait sync.WaitGroup
	for i, c := range clients {
		wait.Go(func() {
			for time.Now().Before(end) && failed[i] == nil {
				var took []time.Duration
				took, failed[i] = c.turn(ctx)
				times[i] = append(times[i], took...)
			}
		})
	}
	wait.Wait()
	return slices.Concat(times...), errors.Join(failed...)
}
