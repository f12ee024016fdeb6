package emulator

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// RFC 6238 appendix B, the last six digits of the values for SHA-1.
func TestTOTP(t *testing.T) {
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp(appSecret, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, expected %s", at, got, want)
		}
	}
	same(t, "a secret in small letters, with its padding", totp(strings.ToLower(appSecret)+"==", time.Unix(59, 0)), "287082")
}

func TestCodeOfAnAuthenticator(t *testing.T) {
	b := newSchool(t)
	now := func(d time.Duration) string { return totp(appSecret, start.Add(d)) }
	for rule, row := range map[string]struct {
		code string
		in   bool
	}{
		"the present one":     {now(0), true},
		"the one before":      {now(-30 * time.Second), true},
		"the one after":       {now(30 * time.Second), true},
		"with spaces":         {now(0)[:3] + " " + now(0)[3:], true},
		"two steps before":    {now(-time.Minute), false},
		"two steps after":     {now(time.Minute), false},
		"none":                {"", false},
		"too short":           {now(0)[:5], false},
		"with something more": {now(0) + "0", false},
		"letters":             {"abcdef", false},
	} {
		b.anotherBrowser()
		page := b.submit(b.authorize(b.browser, of("plain")), "username", "careful", "password", "sample-careful")
		if page.at != "/factor" || !strings.Contains(page.body, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ") || !strings.Contains(page.body, now(0)) {
			t.Fatalf("%s: at %s, %s", rule, page.at, page.body)
		}
		if cookie := page.header.Values("Set-Cookie"); len(cookie) > 0 {
			t.Errorf("%s: signed in by the password alone: %q", rule, cookie)
		}
		if a := b.authorize(b.browser, of("plain", "prompt", "none")); b.landed(a).Get("error") != "login_required" {
			t.Errorf("%s: signed in by the password alone: %q", rule, a.location)
		}
		a := b.submit(page, "code", row.code)
		if row.in != strings.Contains(a.location, "code=") {
			t.Errorf("%s: status %d, %q", rule, a.status, a.location)
		}
		if !row.in && (a.status != http.StatusOK || !strings.Contains(a.body, `role="alert"`) || !strings.Contains(a.body, "<title>Error: ")) {
			t.Errorf("%s: status %d at %s, %s", rule, a.status, a.at, a.body)
		}
		if !row.in {
			if a = b.submit(a, "code", now(0)); !strings.Contains(a.location, "code=") {
				t.Errorf("%s: a right code afterwards: status %d", rule, a.status)
			}
		}
	}
}

var askedCharacter = regexp.MustCompile(`<label for="character-(\d+)">Character (\d+)</label>`)

// characters reads which characters a page asks for, and answers.
func characters(t *testing.T, page string) (positions []int, right []string) {
	t.Helper()
	for _, m := range askedCharacter.FindAllStringSubmatch(page, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil || m[1] != m[2] {
			t.Fatalf("label %q", m[0])
		}
		positions, right = append(positions, n), append(right, string([]rune(passphrase)[n-1]))
	}
	return positions, right
}

func TestCharactersOfAPassphrase(t *testing.T) {
	b := newSchool(t)
	page := b.submit(b.authorize(b.browser, of("plain")), "choose", "wordy")
	asked, right := characters(t, page.body)
	if page.at != "/factor" || len(asked) != 3 || !slices.IsSorted(asked) || len(slices.Compact(slices.Clone(asked))) != 3 ||
		!strings.Contains(page.body, passphrase) {
		t.Fatalf("at %s: %v, %s", page.at, asked, page.body)
	}
	answers := func(given ...string) answer {
		form := fields(page.body)
		form["character"] = given
		return b.do(b.browser, b.request(http.MethodPost, b.base+"/factor", form))
	}
	for rule, given := range map[string][]string{
		"none": nil, "two": right[:2], "one wrong": {right[0], "~", right[2]}, "four": append(slices.Clone(right), right[0]),
		"in one field": {strings.Join(right, "")}, "empty ones": {"", "", ""}, "the whole": {passphrase, passphrase, passphrase},
	} {
		a := answers(given...)
		again, _ := characters(t, a.body)
		if a.location != "" || !strings.Contains(a.body, `role="alert"`) || !slices.Equal(again, asked) {
			t.Errorf("%s: status %d, %q, asks for %v after %v", rule, a.status, a.location, again, asked)
		}
	}
	if a := answers(right...); !strings.Contains(a.location, "code=") {
		t.Errorf("the right ones: status %d, %s", a.status, a.body)
	}
	if a := answers(right...); a.status != http.StatusBadRequest {
		t.Errorf("used twice: status %d", a.status)
	}
}

// Other characters are asked for at other times, and each of them now and then.
func TestPositionsVary(t *testing.T) {
	b := newBench(t, Options{})
	seen := map[int]bool{}
	for range 200 {
		got, err := b.choosePositions(8)
		if err != nil || len(got) != 3 || got[0] < 1 || got[0] >= got[1] || got[1] >= got[2] || got[2] > 8 {
			t.Fatalf("%v, %v", got, err)
		}
		for _, n := range got {
			seen[n] = true
		}
	}
	if len(seen) != 8 {
		t.Errorf("only %v", seen)
	}
}

// The page of the second factor is reached by a right password alone.
func TestFactorNeedsThePassword(t *testing.T) {
	b := newSchool(t)
	page := b.authorize(b.browser, of("plain"))
	id := fields(page.body).Get("signin")
	if a := b.page("/factor?signin=" + id); a.status != http.StatusBadRequest || strings.Contains(a.body, appSecret[:4]) {
		t.Errorf("before the password: status %d", a.status)
	}
	browser := b.pending.byID[id].browser
	proof, err := b.formToken("factor "+id, browser)
	if err != nil {
		t.Fatal(err)
	}
	form := fields(page.body)
	form.Set("token", proof)
	form.Set("code", totp(appSecret, start))
	if a := b.do(b.browser, b.request(http.MethodPost, b.base+"/factor", form)); a.status != http.StatusBadRequest {
		t.Errorf("a code before the password: status %d", a.status)
	}
}

// Somebody who is signed in without a page isn't asked for a factor either.
func TestAsNeedsNoFactor(t *testing.T) {
	b := newBench(t, Options{Config: school(), As: "careful"})
	if a := b.authorize(b.browser, of("plain")); !strings.Contains(a.location, "code=") {
		t.Errorf("status %d at %s", a.status, a.at)
	}
}
