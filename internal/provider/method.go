package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MethodError says that the provider's metadata doesn't list the way in which a client would authenticate.
type MethodError struct {
	Method AuthMethod
	Listed []string // foreign text
}

// Error tells the way.
func (e *MethodError) Error() string {
	return fmt.Sprintf("the provider's metadata doesn't list %s among the ways in which a client may authenticate", e.Method)
}

// AlgorithmError says that none of the algorithms by which a provider signs ID tokens is taken.
type AlgorithmError struct {
	Listed []string // foreign text
}

// Error tells them.
func (e *AlgorithmError) Error() string {
	return "the provider signs ID tokens by " + visible(clip(strings.Join(e.Listed, ", "), 200)) + " alone, which is never taken"
}

// Auth is how a client authenticates: where nobody has chosen, a listed way goes before the kind's own.
func (m Metadata) Auth(c Client) AuthMethod {
	switch {
	case c.Auth == AuthPrivateKey:
		return c.Auth
	case c.Secret.IsZero():
		return AuthNone
	case !c.AnyAuth || m.lists(c.Auth):
		return c.Auth
	}
	for _, method := range []AuthMethod{AuthBasic, AuthPost} {
		if m.lists(method) {
			return method
		}
	}
	return c.Auth
}

// lists reports whether a client may authenticate so; metadata without a list don't tell. A public client authenticates in no way, and
// many providers that have such don't list it.
func (m Metadata) lists(method AuthMethod) bool {
	switch method {
	case AuthBasicRaw: // on the wire it is the same
		method = AuthBasic
	case "":
		method = AuthPost
	case AuthNone:
		return true
	case AuthPost, AuthBasic, AuthPrivateKey:
	}
	return len(m.AuthMethods) == 0 || slices.Contains(m.AuthMethods, string(method))
}

// CheckClient says whether a client can authenticate here, as far as that is known before anything is sent: it would otherwise be refused
// when the user has signed in, and the code is used up. Errors are ErrColon, *KeyError, and, where only the provider can tell whether
// it means its list, *MethodError.
func (m Metadata) CheckClient(c Client) error {
	method := m.Auth(c)
	if method == AuthBasicRaw && strings.Contains(c.ID, ":") {
		return errColon(c.ID)
	}
	if method == AuthPrivateKey && !c.Key.IsZero() {
		if _, err := c.Key.algorithm(m.AuthAlgs); err != nil {
			return err
		}
	}
	if !m.lists(method) {
		return &MethodError{Method: method, Listed: slices.Clone(m.AuthMethods)}
	}
	return nil
}

// ErrColon says that a client id can't be sent as it is: the server splits at the first colon.
var ErrColon = errors.New("holds a colon, which client_secret_basic_raw can't carry")

func errColon(id string) error { return fmt.Errorf("client id %q %w", id, ErrColon) }

// CheckIDTokens says whether an ID token of the provider's could be verified. The error is an *AlgorithmError.
func (m Metadata) CheckIDTokens() error {
	if len(allowedAlgorithms(m.IDTokenAlgs)) == 0 {
		return &AlgorithmError{slices.Clone(m.IDTokenAlgs)}
	}
	return nil
}
