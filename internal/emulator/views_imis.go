package emulator

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// memberPage is where a member signs in.
type memberPage struct {
	Token, Client, Login string
	Wrong                bool
	Users                []User
	Site                 string
	Clients              []*ClientConfig
}

func (p memberPage) nodes() []*html.Node {
	first, second := "autofocus", ""
	if p.Login != "" {
		first, second = second, first
	}
	section := card("Sign in",
		lead(text("to the site of the association, as its members do.")),
		problem(p.Wrong, "The login name or the password is wrong. Try as often as you like: this server locks nobody out."),
		form("/sign-in", "", p.Token, hiddenField("client", p.Client),
			field("username", "username", "Login name", p.Wrong, "value", p.Login, "autocomplete", "username", "autocapitalize", "none",
				"spellcheck", "false", "required?", "yes", "maxlength", strconv.Itoa(maxLoginHint), "autofocus?", first),
			field("password", "password", "Password", p.Wrong, "type", "password", "autocomplete", "current-password",
				"required?", "yes", "maxlength", "100", "autofocus?", second),
			button("primary", "Sign in")),
		forDevelopers(p.Site, p.Clients))
	heading, list := people("Or sign in as a sample member", p.Users, func(u User) *html.Node {
		return el("button", attributes{"class", "person", "type", "submit", "name", "choose", "value", u.Login}, person(u)...)
	})
	return []*html.Node{el("div", attributes{"class", "columns"}, section,
		el("section", attributes{"class", "people", "aria-labelledby", "people"}, heading,
			form("/sign-in", "", p.Token, hiddenField("client", p.Client), list)))}
}

// applicationsPage has the links that members begin at.
type applicationsPage struct {
	Token, Name string
	Site        string
	Clients     []*ClientConfig
	Fixed       bool // somebody is signed in without a page, and can't sign out
}

func (p applicationsPage) nodes() []*html.Node {
	list := el("ul", attributes{"class", "choices"})
	for _, c := range p.Clients {
		grow(list, el("li", nil, el("a", attributes{"class", "choice", "href", contentItemPath + "?client_id=" + url.QueryEscape(c.ID)},
			el("span", attributes{"class", "name"}, text("Go to "), foreign(c.Name)), aside(", "),
			el("span", attributes{"class", "about"}, text("leads to "), mono(c.RedirectURIs[0])))))
	}
	section := card("Your applications", lead(text("You’re signed in as "), strong(isolated(p.Name)), text(".")), list)
	if !p.Fixed {
		grow(section, form("/sign-out", "", p.Token, button("secondary", "Sign out")))
	}
	return []*html.Node{grow(section, forDevelopers(p.Site, p.Clients))}
}

// forDevelopers tells what an application needs to know.
func forDevelopers(site string, clients []*ClientConfig) *html.Node {
	out := el("details", attributes{"class", "asked"}, el("summary", nil, text("For an application")),
		el("p", nil, text("A member’s browser posts a "), mono("refresh_token"), text(" to the application’s Login redirect URL; the application "+
			"exchanges it at the token endpoint, with its id and secret in the form.")),
		el("dl", attributes{"class", "facts"}, fact("Site", mono(site)), fact("Token endpoint", mono(strings.TrimSuffix(site, "/")+imisTokenPath))))
	for _, c := range clients {
		grow(out, el("h2", nil, foreign(c.Name)), el("dl", attributes{"class", "facts"},
			fact("Client id", mono(c.ID)), fact("Client secret", mono(c.Secret.Reveal())), fact("Login redirect URL", mono(c.RedirectURIs[0]))))
	}
	return out
}

// contentItemPage posts the refresh token by its script; without one its button does the same.
type contentItemPage struct{ Application, Name, Target, Refresh string }

func (p contentItemPage) nodes() []*html.Node {
	return []*html.Node{card("On to "+visible(p.Application),
		lead(text("You’re signed in as "), strong(isolated(p.Name)), text(", and "), strong(foreign(p.Application)), text(" is told so.")),
		el("form", attributes{"method", "post", "action", p.Target}, hiddenField("refresh_token", p.Refresh), button("primary", "Continue")))}
}
