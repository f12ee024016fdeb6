package emulator

import (
	"fmt"
	"strings"
)

// sprintf leaves a text without arguments as it is, percent signs included.
func sprintf(words string, args ...any) string {
	if len(args) == 0 {
		return words
	}
	return fmt.Sprintf(words, args...)
}

// severalParts ends what difference says of two addresses that are simply different.
const severalParts = "in more than one part"

// difference says how an address that was sent differs from the one that it should have been, called what: in the one way
// that is easily overlooked, if it is that.
func difference(sent, want, what string) string {
	differs := "differs from " + what + ", " + quoted(want) + ","
	switch {
	case strings.TrimSuffix(sent, "/") == strings.TrimSuffix(want, "/"):
		return differs + " by its trailing slash"
	case strings.EqualFold(sent, want):
		return differs + " in upper and lower case"
	}
	a, b := splitAddress(sent), splitAddress(want)
	for i, part := range []string{"scheme", "host", "port", "path", "query"} {
		if a[i] == b[i] {
			continue
		}
		a[i] = b[i]
		if a == b {
			return differs + " by its " + part
		}
		break
	}
	return differs + " " + severalParts
}

// splitAddress takes an address apart without judging it.
func splitAddress(address string) [5]string {
	var out [5]string
	rest := address
	out[0], rest, _ = strings.Cut(rest, "://")
	rest, out[4], _ = strings.Cut(rest, "?")
	host, path, found := strings.Cut(rest, "/")
	if found {
		out[3] = "/" + path
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host, out[2] = host[:i], host[i+1:]
	}
	out[1] = host
	return out
}
