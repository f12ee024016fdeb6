package emulator

import (
	"strings"

	"golang.org/x/net/html"
)

func (p startPage) nodes() []*html.Node {
	section := card("The emulator is running",
		lead(text("It answers as "+signInServer+" does. Point an application at it, or run "), mono("simsid login --emulator"), text(".")))
	if p.SignedIn != "" {
		f := form("/logout", "", p.Token, hiddenField("client", ""), hiddenField("return", ""),
			el("p", nil, text("You’re signed in as "), strong(isolated(p.SignedIn)), text(".")), button("secondary", "Sign out"))
		f.Attr = append(f.Attr, html.Attribute{Key: "class", Val: "signed"})
		grow(section, f)
	}
	facts := el("dl", attributes{"class", "facts"},
		fact("Issuer", mono(p.Issuer)), fact("Discovery", el("a", attributes{"href", p.Discovery}, mono(p.Discovery))))
	grow(section, el("h2", nil, text("For an application")), facts)
	if len(p.Clients) == 1 {
		grow(facts, clientFacts(p.Clients[0])...)
	} else {
		grow(section, clientList(p.Clients))
	}
	if scopes := p.introspecting(); len(scopes) > 0 {
		if len(p.Clients) > 1 {
			facts = grow(section, el("dl", attributes{"class", "facts"})).LastChild
		}
		grow(facts, fact("Introspection", scopes...))
	}
	heading, list := people("Sample users", p.Users, func(u User) *html.Node {
		return el("div", attributes{"class", "person"}, person(u)...)
	})
	return []*html.Node{el("div", attributes{"class", "columns"}, section,
		el("section", attributes{"class", "people", "aria-labelledby", "people"}, heading, list))}
}

func clientList(clients []*ClientConfig) *html.Node {
	out := el("div", attributes{"class", "clients"})
	for _, c := range clients {
		grow(out, el("details", nil, el("summary", nil, foreign(c.Name)),
			grow(el("dl", attributes{"class", "facts"}), clientFacts(c)...)))
	}
	return out
}

func clientFacts(c *ClientConfig) []*html.Node {
	uris := spaced(c.RedirectURIs)
	if c.AnyPort {
		uris = append(uris, text(" with any port"))
	}
	out := []*html.Node{
		fact("Client id", mono(c.ID)), fact("Client secret", mono(c.Secret.Reveal())), fact("Flow", text(c.Flow.words())),
	}
	if len(uris) > 0 {
		out = append(out, fact("Redirect URI", uris...))
	}
	return append(out, fact("Scopes", spaced(c.Scopes)...))
}

// spaced are values beside each other.
func spaced(values []string) []*html.Node {
	var out []*html.Node
	for i, value := range values {
		if i > 0 {
			out = append(out, text(" "))
		}
		out = append(out, mono(value))
	}
	return out
}

// introspecting are the scopes that introspect, with their secrets.
func (p startPage) introspecting() []*html.Node {
	var out []*html.Node
	for _, sc := range p.Scopes {
		if sc.Secret.IsZero() {
			continue
		}
		if len(out) > 0 {
			out = append(out, text(", "))
		}
		out = append(out, mono(sc.Name), text(" with "), mono(sc.Secret.Reveal()))
	}
	return out
}

// words are a flow's name for people.
func (f Flow) words() string {
	switch f {
	case FlowCode:
		return "Authorisation code"
	case FlowCodeWithProofKey:
		return "Authorisation code with proof key"
	case FlowHybrid:
		return "Hybrid"
	case FlowHybridWithProof:
		return "Hybrid with proof key"
	case FlowImplicit:
		return "Implicit"
	case FlowClientCredentials:
		return "Client credentials"
	case FlowResourceOwner:
		return "Password"
	}
	return strings.ToLower(string(f))
}
