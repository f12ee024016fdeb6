package emulator

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what authenticator apps compute (RFC 6238 section 1.2); nothing rests on its collisions
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// factorWait is a sign-in whose password was right and which waits for the second factor.
type factorWait struct {
	login     string
	positions []int // of the passphrase's characters that are asked for, counted from 1; they stay until one try succeeds
}

const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	totpSkew   = 1 // steps before and after the present one that are taken, too
	asksFor    = 3 // characters of a passphrase
)

// totp computes a user's code at a time (RFC 6238, with HMAC-SHA-1, 30 seconds and 6 digits).
func totp(secret string, at time.Time) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(max(0, at.Unix()))/uint64(totpStep/time.Second))
	mac := hmac.New(sha1.New, totpKey(secret))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff // RFC 4226 section 5.3
	return fmt.Sprintf("%0*d", totpDigits, number%1_000_000)
}

// totpKey decodes a secret that the configuration's check has found readable.
func totpKey(secret string) []byte {
	key, _ := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(secret), "="))
	return key
}

// rightCode checks a code, with the spaces that people type. A code may be used again while it lasts, which RFC 6238 section
// 5.2 forbids: tests would have to wait half a minute between two logins.
func rightCode(secret, code string, now time.Time) bool {
	code = strings.ReplaceAll(code, " ", "")
	ok := 0
	for skew := -totpSkew; skew <= totpSkew; skew++ {
		want := totp(secret, now.Add(time.Duration(skew)*totpStep))
		ok |= subtle.ConstantTimeCompare([]byte(want), []byte(code))
	}
	return ok == 1
}

// rightCharacters checks the characters of a passphrase, in the order in which they were asked for.
func rightCharacters(passphrase string, positions []int, given []string) bool {
	all := []rune(passphrase)
	if len(given) != len(positions) || len(positions) == 0 {
		return false
	}
	for i, position := range positions {
		if position > len(all) || given[i] != string(all[position-1]) {
			return false
		}
	}
	return true
}

// askFactor sends a user whose password was right to the page of the second factor.
func (s *Server) askFactor(w http.ResponseWriter, r *http.Request, p pendingRequest, u *user) {
	p.factor = &factorWait{login: u.Login}
	if u.factor.Kind == FactorPassphrase {
		var err error
		if p.factor.positions, err = s.choosePositions(len([]rune(u.factor.Passphrase.Reveal()))); err != nil {
			s.unavailable(w, r, err)
			return
		}
	}
	s.pending.put(p)
	s.sendTo(w, http.StatusSeeOther, stepFactor, p.id)
}

// choosePositions draws three of n, in ascending order.
func (s *Server) choosePositions(n int) ([]int, error) {
	var out []int
	for len(out) < min(asksFor, n) {
		b, err := s.random(1)
		if err != nil {
			return nil, err
		}
		// A slight preference of the first ones is of no consequence: the passphrase stands on the page.
		if position := int(b[0])%n + 1; !slices.Contains(out, position) {
			out = append(out, position)
		}
	}
	slices.Sort(out)
	return out, nil
}

// factorPage is what the page of the second factor shows: on a development server, with all that is needed to pass.
type factorPage struct {
	ID, Token  string
	Name       string
	Wrong      bool
	Secret     string // of a code that changes; "" where a passphrase is asked for
	Code       string // the present one
	Passphrase string
	Positions  []int
}

func (s *Server) serveFactor(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.takeFactor(w, r)
		return
	}
	p, ok := s.waiting(r)
	if !ok || p.factor == nil {
		s.stale(w, r)
		return
	}
	s.showFactor(w, r, p, false)
}

func (s *Server) showFactor(w http.ResponseWriter, r *http.Request, p pendingRequest, wrong bool) {
	token, err := s.formToken("factor "+p.id, p.browser)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	u := s.lookupUser(p.factor.login)
	data := factorPage{ID: p.id, Token: token, Name: u.Name, Wrong: wrong}
	if u.factor.Kind == FactorTOTP {
		data.Secret = u.factor.TOTP.Reveal()
		data.Code = totp(data.Secret, s.now())
	} else {
		data.Passphrase, data.Positions = u.factor.Passphrase.Reveal(), p.factor.positions
	}
	title := "Second step"
	if wrong {
		title = "Error: second step"
	}
	s.show(w, r, http.StatusOK, page{title: title, target: p.request.redirectURI, main: data.nodes()})
}

func (s *Server) takeFactor(w http.ResponseWriter, r *http.Request) {
	form, p, ok := s.posted(r, "factor")
	if !ok || p.factor == nil {
		s.stale(w, r)
		return
	}
	u := s.lookupUser(p.factor.login)
	right := false
	switch u.factor.Kind {
	case FactorTOTP:
		right = rightCode(u.factor.TOTP.Reveal(), form.get("code"), s.now())
	case FactorPassphrase:
		right = rightCharacters(u.factor.Passphrase.Reveal(), p.factor.positions, form.values["character"])
	case FactorNone:
	}
	if !right {
		observe(r, "", "the second factor is wrong; nobody is locked out here")
		s.showFactor(w, r, p, true)
		return
	}
	s.signedIn(w, r, p, u, "")
}
