package provider

import (
	"slices"
	"strings"
)

// Call is something that a client may ask of a provider, named as errors name the operation.
type Call string

// The calls that a kind may lack.
const (
	CallDiscover   Call = opDiscover
	CallAuthorize  Call = "authorize"
	CallDevice     Call = opDevice
	CallUserinfo   Call = "ask userinfo"
	CallIntrospect Call = "introspect"
	CallRevoke     Call = "revoke"
	CallEndSession Call = "end the session"
)

// Lack is a call that a kind of provider doesn't have, whatever else is true of an installation.
type Lack struct {
	Call    Call
	Reason  string // a clause: "iMIS has no introspection"
	Instead string // what to do, a clause; "" where there is nothing
}

// Lack finds what is known of a call that the kind doesn't have.
func (k Kind) Lack(call Call) (Lack, bool) {
	i := slices.IndexFunc(k.Lacks, func(l Lack) bool { return l.Call == call })
	if i < 0 {
		return Lack{}, false
	}
	return k.Lacks[i], true
}

// Lacking refuses a call that the kind doesn't have, before anything is sent: an *UnsupportedError, or nil.
func (k Kind) Lacking(call Call, issuer string) error {
	l, ok := k.Lack(call)
	if !ok {
		return nil
	}
	return &UnsupportedError{Operation: string(call), Issuer: issuer, Reason: l.Reason, Instead: l.Instead}
}

// fixedMetadata is what is known of a provider that says nothing of itself: where its token endpoint lies.
func fixedMetadata(k Kind, issuer string) (Metadata, error) {
	if _, err := checkAddress(issuer); err != nil {
		return Metadata{}, err
	}
	return Metadata{Issuer: issuer, TokenEndpoint: strings.TrimSuffix(issuer, "/") + k.TokenPath}, nil
}

// imisLacks is what iMIS has none of. Its documentation of single sign-on by refresh token knows the token endpoint alone.
func imisLacks() []Lack {
	const signOut = "forget the login here: simsid logout; what was handed out ends by the lifetimes that are set in iMIS"
	const who = "who signed in is the userName that login showed: simsid status"
	return []Lack{
		{CallDiscover, "iMIS publishes no metadata", "its one endpoint is the site's address with /token behind it"},
		{CallAuthorize, "a sign-in can't begin here: iMIS has no address to send a user to", "the user begins inside iMIS: simsid login waits for that"},
		{CallDevice, "iMIS has no device authorisation", "the user begins inside iMIS: simsid login waits for that"},
		{CallUserinfo, "iMIS has no userinfo endpoint, and sends nothing along but who the user is", who},
		{CallIntrospect, "iMIS has no introspection, and its access tokens are opaque", "only a call of its API tells whether a token is still taken: simsid api"},
		{CallRevoke, "iMIS has no revocation", signOut},
		{CallEndSession, "iMIS has no address to sign out at", "sign out inside iMIS"},
	}
}
