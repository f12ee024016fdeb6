package provider

import (
	"slices"
	"strings"
)

// Flow is a client's way of getting tokens, named as IdentityServer3 names it where it has it.
type Flow string

// The flows.
const (
	FlowCode              Flow = "AuthorizationCode"
	FlowCodeWithProofKey  Flow = "AuthorizationCodeWithProofKey"
	FlowHybrid            Flow = "Hybrid"
	FlowHybridWithProof   Flow = "HybridWithProofKey"
	FlowImplicit          Flow = "Implicit"
	FlowClientCredentials Flow = "ClientCredentials" //nolint:gosec // G101: the name of a flow
	FlowDevice            Flow = "DeviceCode"        // RFC 8628; IdentityServer3 doesn't have it
	// FlowPostedToken begins at the provider, whose page posts a refresh token to the client. Only kinds that say where have it.
	FlowPostedToken Flow = "PostedRefreshToken"
)

// FlowInfo is what a flow is made of.
type FlowInfo struct {
	Flow          Flow
	ResponseTypes []string // what it may ask the authorisation endpoint for, the default first; none: it doesn't go there
	ProofKey      bool     // named for its proof key (RFC 7636)
}

// Flows returns the table. The caller owns the result.
func Flows() []FlowInfo {
	code := []string{"code"}
	hybrid := []string{"code id_token", "code token", "code id_token token"}
	return []FlowInfo{
		{Flow: FlowCodeWithProofKey, ResponseTypes: code, ProofKey: true},
		{Flow: FlowCode, ResponseTypes: code},
		{Flow: FlowHybridWithProof, ResponseTypes: hybrid, ProofKey: true},
		{Flow: FlowHybrid, ResponseTypes: slices.Clone(hybrid)},
		{Flow: FlowImplicit, ResponseTypes: []string{"id_token token", "id_token", "token"}},
		{Flow: FlowClientCredentials},
		{Flow: FlowDevice},
		{Flow: FlowPostedToken},
	}
}

// LookupFlow finds a flow by its name.
func LookupFlow(name Flow) (FlowInfo, bool) {
	for _, f := range Flows() {
		if f.Flow == name {
			return f, true
		}
	}
	return FlowInfo{}, false
}

// ResponseType finds a response type of the flow whatever the order of its words (OAuth 2.0 Multiple Response Types 3); "" is the flow's
// first.
func (f FlowInfo) ResponseType(wanted string) (responseType string, ok bool) {
	if wanted == "" && len(f.ResponseTypes) > 0 {
		return f.ResponseTypes[0], true
	}
	words := slices.Sorted(strings.FieldsSeq(wanted))
	for _, t := range f.ResponseTypes {
		if slices.Equal(words, slices.Sorted(strings.FieldsSeq(t))) {
			return t, true
		}
	}
	return "", false
}

// ProofKey reports whether a code of this flow is asked for with a challenge and redeemed with its verifier: always, but at a kind
// that refuses a verifier from clients whose flow isn't named for it.
func (k Kind) ProofKey(f FlowInfo) bool { return f.ProofKey || !k.VerifierByFlow }

// Has reports whether the kind has a flow at all: one whose logins begin there has that alone, and no other has it.
func (k Kind) Has(f FlowInfo) bool { return (k.BeginsThere != "") == (f.Flow == FlowPostedToken) }
