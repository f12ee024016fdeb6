package cli

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/provider"
)

// aim says where a call goes, and refuses an address that the token isn't for before anything is asked of anybody.
func (s *session) aim(call *provider.APICall, target string) error {
	bases := s.apiBases()
	if len(bases) == 0 {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("profile %s has no api_base: nobody has said where the token may go", s.profile.Name),
			Hints: []string{setLine(s.profile.Name, "api_base", "https://api.example.com/"), "or for this once: --api-base, or SIMSID_API_BASE"}}
	}
	call.Origins = s.apiOrigins()
	address, below := target, ""
	if scheme, _, ok := strings.Cut(target, "://"); !ok || strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789+.-") != "" {
		below = strings.TrimSuffix(bases[0], "/") + "/"
		address = below + strings.TrimPrefix(target, "/")
	}
	u, err := url.Parse(address)
	if problem := addressProblem(u, err); problem != "" {
		return &usageError{Problem: problem, Command: "simsid api"}
	}
	u.Fragment, u.RawFragment = "", "" // it is nobody's but the caller's
	if base, err := url.Parse(below); err == nil && below != "" && climbs(strings.TrimPrefix(u.Path, base.Path)) {
		return &usageError{Problem: "the path leads out of " + base.String() + ", which it is below", Command: "simsid api", Hint: "give the whole address: " + strings.Join(call.Origins, ", ") + "/…"}
	}
	if origin := provider.Origin(u); !slices.Contains(call.Origins, origin) {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("the token of profile %s doesn't go to %s: api_base has %s", s.profile.Name, origin, strings.Join(call.Origins, ", ")),
			Hints: s.baseHints(u, bases)}
	}
	call.URL = u
	return nil
}

// addressProblem says why a call can't go to an address, without repeating any of it, which may hold a password; "" where it can.
func addressProblem(u *url.URL, err error) string {
	switch {
	case is[url.EscapeError](err):
		return "that is no address: behind a % stand two hexadecimal digits, as in %20"
	case err != nil && strings.Contains(err.Error(), "invalid port"):
		return "that is no address: its port, which stands behind the host's colon, is no number"
	case err != nil:
		return "that is no path and no address that can be read"
	case u.User != nil:
		return "the address has a user name, and an API knows the caller by the token: leave it away"
	case u.Hostname() == "":
		return "the address names no host, as in https://HOST/PATH"
	}
	return ""
}

// climbs reports whether the dot segments of a path (RFC 3986 section 5.2.4) lead above where it begins.
func climbs(path string) bool {
	depth := 0
	for part := range strings.SplitSeq(path, "/") {
		switch part {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return true
		}
	}
	return false
}

// baseHints say how a token gets to an address, where one ever does.
func (s *session) baseHints(u *url.URL, bases []string) []string {
	if !provider.MayCarryToken(u) {
		return []string{"a token goes by https alone, or by http within this machine"}
	}
	return []string{"if it may: " + s.set("api_base", strings.Join(append(slices.Clone(bases), provider.Origin(u)), " "))}
}

// redirectRefused says how a redirect that wasn't followed is seen, and how it could be followed.
func (s *session) redirectRefused(err error) error {
	refused, ok := errors.AsType[*provider.APIRefusedError](err)
	if !ok {
		return err
	}
	e := &hintedError{Code: exitFailed, Err: err, Hints: []string{"see the redirect itself: leave --location away"}}
	if u, perr := url.Parse(refused.Origin); perr == nil && provider.MayCarryToken(u) {
		e.Hints = append(s.baseHints(u, s.apiBases()), "or "+e.Hints[0])
	}
	return e
}
