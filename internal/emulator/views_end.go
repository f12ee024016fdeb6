package emulator

import "golang.org/x/net/html"

func (p logoutPage) nodes() []*html.Node {
	return []*html.Node{card("Sign out?",
		lead(text("You’re signed in as "), strong(isolated(p.Name)), text(".")),
		form("/logout", "", p.Token, hiddenField("client", p.Client), hiddenField("return", p.Return), el("div", attributes{"class", "actions"},
			button("primary", "Sign out"),
			el("a", attributes{"class", "secondary", "href", "/"}, text("Stay signed in")))))}
}

func (p signedOutPage) nodes() []*html.Node {
	back := el("a", attributes{"href", "/"}, text("To the start page"))
	if p.Return != "" {
		back = el("a", attributes{"href", p.Return}, text("Return to "), foreign(p.Application))
	}
	section := card("You’re signed out",
		lead(text("The session in this browser has ended. Tokens that applications hold live on until they expire or are revoked.")),
		el("p", nil, back))
	for _, address := range p.Frames {
		grow(section, el("iframe", attributes{"src", address, "title", "Tells an application", "hidden?", "yes"}))
	}
	return []*html.Node{section}
}
