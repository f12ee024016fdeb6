package emulator

import "golang.org/x/net/html"

const (
	nbsp = "\u00a0"
	// signInServer is what this server stands in for.
	signInServer = "SIMS" + nbsp + "ID’s sign-in server"
)

// layout is the frame of every page.
func (s *Server) layout(p page) *html.Node {
	width := ""
	if p.wide {
		width = "wide"
	}
	head := el("head", nil,
		el("meta", attributes{"charset", "utf-8"}),
		el("meta", attributes{"name", "viewport", "content", "width=device-width, initial-scale=1"}),
		el("meta", attributes{"name", "color-scheme", "content", "light dark"}),
		el("meta", attributes{"name", "robots", "content", "noindex"}),
		el("title", nil, text(p.title+" – simsid emulator")),
		el("link", attributes{"rel", "icon", "href", "/assets/icon.svg", "type", "image/svg+xml"}),
		el("link", attributes{"rel", "stylesheet", "href", "/assets/style.css"}),
	)
	body := el("body", nil,
		el("a", attributes{"class", "skip", "href", "#main"}, text("Skip to the content")),
		el("header", attributes{"class", "top"},
			el("a", attributes{"class", "brand", "href", "/"},
				el("img", attributes{"src", "/assets/icon.svg", "alt", "", "width", "28", "height", "28"}),
				el("span", nil, text("simsid "), el("span", attributes{"class", "soft"}, text("emulator"))),
			),
			s.play.note(),
		),
		grow(el("main", classed(width, "id", "main")), p.main...),
		el("footer", nil, text(s.play.footer)),
	)
	if p.script != "" {
		grow(body, el("script", nil, text(p.script)))
	}
	document := &html.Node{Type: html.DocumentNode}
	return grow(document, &html.Node{Type: html.DoctypeNode, Data: "html"}, el("html", attributes{"lang", "en-GB"}, head, body))
}

// classed adds a class to attributes, if there is one.
func classed(class string, with ...string) attributes {
	if class != "" {
		with = append(with, "class", class)
	}
	return with
}

// card is a page's main part, under its heading.
func card(heading string, children ...*html.Node) *html.Node {
	section := el("section", attributes{"class", "card", "aria-labelledby", "title"},
		el("h1", attributes{"id", "title"}, text(heading)))
	return grow(section, children...)
}

func lead(children ...*html.Node) *html.Node {
	return el("p", attributes{"class", "lead"}, children...)
}

// form posts to this server, with the fields that prove where it was written.
func form(action, signIn, token string, children ...*html.Node) *html.Node {
	f := el("form", attributes{"method", "post", "action", action})
	if signIn != "" {
		grow(f, hiddenField("signin", signIn))
	}
	return grow(grow(f, hiddenField("token", token)), children...)
}

func hiddenField(name, value string) *html.Node {
	return el("input", attributes{"type", "hidden", "name", name, "value", value})
}

func button(class, words string, with ...string) *html.Node {
	return el("button", append(attributes{"class", class, "type", "submit"}, with...), text(words))
}

// aside is said to screen readers alone: it stands for what the eye takes from the layout.
func aside(words string) *html.Node { return el("span", attributes{"class", "sep"}, text(words)) }

// fact is a row of a list of facts.
func fact(name string, values ...*html.Node) *html.Node {
	return el("div", nil, el("dt", nil, text(name)), el("dd", nil, values...))
}

func face(name string) *html.Node {
	return el("span", attributes{"class", "face", "aria-hidden", "true"}, text(initials(name)))
}

// person is a user with all that is needed to sign in.
func person(u User) []*html.Node {
	comma, about := aboutPerson(u)
	return []*html.Node{
		face(u.Name),
		el("span", attributes{"class", "who"},
			el("span", attributes{"class", "name"}, isolated(u.Name)), comma, about, aside(", login name "),
			el("span", attributes{"class", "keys"}, mono(u.Login), aside(", password "),
				el("span", attributes{"class", "slash", "aria-hidden", "true"}, text("/")), mono(u.Password)),
		),
	}
}

// aboutPerson is the comma behind a user's name, and what is said of the user; both are empty where nothing is.
func aboutPerson(u User) (comma, about *html.Node) {
	if u.About == "" {
		return text(""), text("")
	}
	return aside(", "), el("span", attributes{"class", "about"}, foreign(u.About))
}

// people are the users beside a page's main part, each in a row that row makes.
func people(heading string, users []User, row func(User) *html.Node) (h2, list *html.Node) {
	list = el("ul", nil)
	for _, u := range users {
		grow(list, el("li", nil, row(u)))
	}
	return el("h2", attributes{"id", "people"}, text(heading)), list
}

// errorPage is a page that says what went wrong.
type errorPage struct {
	Heading, Text, Code string
}

func (e errorPage) nodes() []*html.Node {
	section := card(e.Heading, el("p", nil, text(e.Text)))
	if e.Code != "" {
		grow(section,
			el("dl", attributes{"class", "facts"}, fact("Error", mono(e.Code))),
			el("p", attributes{"class", "small"}, text("Nothing was sent back to the application. SIMS"+nbsp+
				"ID’s own server shows a page here too, and says less.")))
	}
	return []*html.Node{section}
}

// formPostNodes is the page of response_mode=form_post. target is a registered redirect URI.
func formPostNodes(target string, fields pairs) []*html.Node {
	f := el("form", attributes{"method", "post", "action", target})
	for _, field := range fields {
		grow(f, hiddenField(field[0], field[1]))
	}
	grow(f, button("primary", "Continue"))
	return []*html.Node{card("Back to the application", lead(text("If nothing happens, use the button.")), f)}
}
