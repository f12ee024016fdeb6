package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/tokenstore"
)

// client finds out whether the provider takes the client, without a login and without a token.
func (x *examination) client(ctx context.Context) finding {
	p := x.s.profile
	if !x.flow.CanProbe() {
		return notMade("flow " + p.Flow + " never authenticates the client: all comes through the browser")
	}
	keyring, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	c, err := x.s.client(keyring)
	if err != nil {
		return x.withoutCredentials(err)
	}
	switch {
	case x.o.offline && !x.inProcess():
		return notMade("it has what it needs; --offline: the provider isn't asked whether that is right")
	case x.roots["discovery"] != "":
		return notMade(x.roots["discovery"] + " failed")
	case x.flow.Flow == provider.FlowDevice && x.prov.Metadata.DeviceEndpoint == "":
		return failed("the provider's metadata has no device_authorization_endpoint, and so it has no flow "+p.Flow,
			"choose the flow that the client is registered for: "+x.set("flow", string(provider.FlowCodeWithProofKey)))
	}
	if err := x.s.checkMethod(c, x.prov.Metadata); err != nil {
		return x.fault(err)
	}
	c.Auth = x.prov.Metadata.Auth(c)
	var got provider.Probed
	x.within(ctx, func(ctx context.Context) { got, err = x.prov.ProbeClient(ctx, c, x.flow, p.RedirectURI) })
	if err != nil {
		return x.unserved(asOperation(err, "ask about the client"))
	}
	return x.probed(got, c)
}

// asOperation is an error of a request under another name: what is sent to find out about a client is named after what it only looks like.
func asOperation(err error, operation string) error {
	if e, ok := errors.AsType[*provider.UnavailableError](err); ok {
		renamed := *e
		renamed.Operation = operation
		return &renamed
	}
	if e, ok := errors.AsType[*provider.ResponseError](err); ok {
		renamed := *e
		renamed.Operation = operation
		return &renamed
	}
	return err
}

// withoutCredentials tells a client that has none from one whose credentials lie where nobody gets at them.
func (x *examination) withoutCredentials(err error) finding {
	_, kept := errors.AsType[*tokenstore.Error](err)
	if kept || errors.Is(err, tokenstore.ErrLocked) || errors.Is(err, tokenstore.ErrAbsent) || errors.Is(err, tokenstore.ErrNoSealKey) {
		return notMade("its secret can't be read from the store (see store)")
	}
	f := x.fault(err)
	if !x.file.Has(x.s.profile.Name) { // made of variables, it can't be edited
		f.mend = slices.DeleteFunc(f.mend, func(m string) bool { return strings.Contains(m, "profile edit") })
	}
	return f
}

// probed puts a verdict into words.
func (x *examination) probed(got provider.Probed, c provider.Client) finding {
	p := x.s.profile
	says := fmt.Sprintf("asked with %s, the provider said ", got.Sent)
	what := "the secret is right"
	switch c.Auth {
	case provider.AuthNone:
		what = "the client id is known; there is no secret to be right or wrong"
	case provider.AuthPrivateKey:
		what = "the key is right"
	case provider.AuthPost, provider.AuthBasic, provider.AuthBasicRaw:
	}
	code := got.Code
	if code == "" {
		code = fmt.Sprintf("HTTP %d", got.Status)
	}
	switch got.Verdict {
	case provider.ClientTaken:
		return passed(says + code + ", as it must: " + what)
	case provider.ClientRefused:
		f := failed(says+code+": the client id or its secret is wrong, or it authenticates in another way than "+string(c.Auth),
			"check the client id: simsid profile show "+p.Name)
		if other := x.otherMethod(c.Auth); other != "" {
			f.more = append(f.more, "the metadata lists other ways to authenticate: "+strings.Join(x.prov.Metadata.AuthMethods, ", "))
			f.mend = append(f.mend, "choose one that it lists: "+x.set("client_auth", other))
		}
		if c.Auth == provider.AuthPrivateKey {
			f.mend = append(f.mend, "give the key that is registered: "+x.set("client_key", "FILE"))
			return f
		}
		if odd := oddSecret(x.s.secretVariable(clientSecretVariable)); odd != "" {
			f.more = append(f.more, clientSecretVariable+" "+odd+", which is taken for a part of the secret")
		}
		if x.s.secretVariable(clientSecretVariable) != "" {
			f.mend = append(f.mend, "the secret comes from "+clientSecretVariable+": set it anew, or take it away for the stored one")
		} else {
			f.mend = append(f.mend, "give the secret anew: simsid profile edit "+p.Name+" --client-secret-file -")
		}
		return f
	case provider.ClientOtherFlow:
		return failed(says+code+": "+what+", but the client isn't registered for flow "+p.Flow,
			"choose the flow that it is registered for: "+x.set("flow", "HybridWithProofKey"), "the flows: simsid login --help")
	case provider.ClientGranted:
		return failed("the provider gave tokens for "+got.Sent+", which nobody had issued: whatever it says is worth nothing",
			"don't sign in there; check the issuer's address: simsid profile show "+p.Name)
	case provider.ClientUnclear:
	}
	f := warned(says + code + ", which doesn't tell whether the secret is right")
	f.mend = []string{"a login tells: simsid login -p " + p.Name}
	return f
}

// oddSecret says what of a variable's value is likely no part of the secret that it holds; "" where nothing is.
func oddSecret(v string) string {
	switch {
	case strings.TrimSpace(v) != v:
		return "begins or ends with a space or a line's end"
	case len(v) > 1 && v[0] == v[len(v)-1] && strings.ContainsAny(v[:1], `"'`):
		return "stands in quotes"
	}
	return ""
}

// otherMethod is a way to authenticate by a secret that the provider lists, where it doesn't list the one in use; "" elsewhere.
func (x *examination) otherMethod(auth provider.AuthMethod) string {
	listed := x.prov.Metadata.AuthMethods
	if auth == provider.AuthBasicRaw {
		auth = provider.AuthBasic // for metadata it is the same
	}
	if len(listed) == 0 || slices.Contains(listed, string(auth)) {
		return ""
	}
	for _, m := range []provider.AuthMethod{provider.AuthPost, provider.AuthBasic} {
		if slices.Contains(listed, string(m)) {
			return string(m)
		}
	}
	return ""
}
