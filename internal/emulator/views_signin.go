package emulator

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// field is a labelled input. wrong ties it to the problem that the page tells.
func field(id, name, label string, wrong bool, with ...string) *html.Node {
	input := append(attributes{"id", id, "name", name}, with...)
	if wrong {
		input = append(input, "aria-invalid", "true", "aria-describedby", "problem")
	}
	return el("div", attributes{"class", "field"}, el("label", attributes{"for", id}, text(label)), el("input", input))
}

// problem says what was wrong with a form; nil when nothing was.
func problem(is bool, words string) *html.Node {
	if !is {
		return nil
	}
	return el("p", attributes{"class", "problem", "id", "problem", "role", "alert"},
		strong(text("That didn’t work.")), text(" "+words))
}

func (p loginPage) nodes() []*html.Node {
	section := card("Sign in", lead(text("to continue to "), strong(foreign(p.Application))))
	if p.Endless {
		grow(section, el("p", attributes{"class", "problem", "role", "alert"}, strong(text("You did sign in.")),
			text(" But the application asks for max_age=0, and no sign-in is ever that recent: this page comes back each time, as it"+
				" probably does at SIMS"+nbsp+"ID. An application that wants a fresh sign-in asks for prompt=login.")))
	}
	if p.Local {
		grow(section, problem(p.Wrong, "The login name or the password is wrong. Try as often as you like: this server locks nobody out."),
			p.form())
	}
	if len(p.Providers) > 0 {
		grow(section, p.elsewhere())
	}
	grow(section, p.asked())
	if !p.Local {
		return []*html.Node{section}
	}
	heading, list := people("Or sign in as a sample user", p.Users, func(u User) *html.Node {
		return el("button", attributes{"class", "person", "type", "submit", "name", "choose", "value", u.Login}, person(u)...)
	})
	return []*html.Node{el("div", attributes{"class", "columns"}, section,
		el("section", attributes{"class", "people", "aria-labelledby", "people"}, heading, form("/login", p.ID, p.Token, list)))}
}

func (p loginPage) form() *html.Node {
	first, second := "autofocus", ""
	if p.Login != "" {
		first, second = second, first
	}
	return form("/login", p.ID, p.Token,
		field("username", "username", "Login name", p.Wrong, "value", p.Login, "autocomplete", "username", "autocapitalize", "none",
			"spellcheck", "false", "required?", "yes", "maxlength", strconv.Itoa(maxLoginHint), "autofocus?", first),
		field("password", "password", "Password", p.Wrong, "type", "password", "autocomplete", "current-password",
			"required?", "yes", "maxlength", "100", "autofocus?", second),
		button("primary", "Sign in"))
}

// elsewhere are the ways to sign in with another identity provider.
func (p loginPage) elsewhere() *html.Node {
	f := el("form", attributes{"method", "get", "action", "/external", "class", "elsewhere"},
		el("p", attributes{"class", "small", "id", "elsewhere"}, text("Or sign in with")), hiddenField("signin", p.ID))
	for _, provider := range p.Providers {
		grow(f, el("button", attributes{"class", "secondary", "type", "submit", "name", "provider", "value", provider.Name,
			"aria-describedby", "elsewhere"}, foreign(provider.title())))
	}
	return f
}

// asked tells what the application's request holds, for whoever is writing the application.
func (p loginPage) asked() *html.Node {
	facts := el("dl", attributes{"class", "facts"})
	for _, parameter := range p.Asked {
		values := []*html.Node{mono(parameter[1])}
		if parameter[0] == "ui_locales" {
			values = append(values, text(" (these pages are in English only)"))
		}
		grow(facts, fact(parameter[0], values...))
	}
	return el("details", attributes{"class", "asked"}, el("summary", nil, text("What the application asked for")), facts)
}

func (p externalPage) nodes() []*html.Node {
	heading, list := people("Who has signed in there?", p.Users, func(u User) *html.Node {
		comma, about := aboutPerson(u)
		return el("button", attributes{"class", "person", "type", "submit", "name", "choose", "value", u.Login}, face(u.Name),
			el("span", attributes{"class", "who"}, el("span", attributes{"class", "name"}, isolated(u.Name)), comma, about))
	})
	var back *html.Node
	if p.Back {
		back = el("p", nil, el("a", attributes{"href", "/login?signin=" + p.ID}, text("Sign in another way")))
	}
	return []*html.Node{card(visible(p.Provider.title()),
		lead(text("to continue to "), strong(foreign(p.Application))),
		el("p", nil, text("This page stands in for the sign-in page of another identity provider, "), mono("idp:"+p.Provider.Name),
			text(". Nothing was sent anywhere, and no password is needed.")),
		heading, el("div", attributes{"class", "people"}, form("/external", p.ID, p.Token, hiddenField("provider", p.Provider.Name), list)), back)}
}

func (p factorPage) nodes() []*html.Node {
	section := card("Second step")
	if p.Secret != "" {
		return []*html.Node{grow(section,
			lead(isolated(p.Name), text(", enter the code that your authenticator app shows.")),
			problem(p.Wrong, "The code is wrong or too old. Try as often as you like: this server locks nobody out."),
			form("/factor", p.ID, p.Token,
				field("code", "code", "Six-digit code", p.Wrong, "inputmode", "numeric", "autocomplete", "one-time-code", "required?", "yes",
					"maxlength", "11", "autofocus?", "yes"),
				button("primary", "Continue")),
			help(fact("Secret, for an authenticator app", mono(grouped(p.Secret))), fact("Code at this moment", mono(p.Code))))}
	}
	f := form("/factor", p.ID, p.Token)
	row := el("div", attributes{"class", "characters"})
	focus := "yes"
	for _, position := range p.Positions {
		n := strconv.Itoa(position)
		grow(row, field("character-"+n, "character", "Character "+n, p.Wrong, "type", "password", "autocomplete", "off",
			"autocapitalize", "none", "required?", "yes", "maxlength", "2", "autofocus?", focus))
		focus = ""
	}
	return []*html.Node{grow(section,
		lead(isolated(p.Name), text(", enter three characters of your passphrase.")),
		problem(p.Wrong, "One of the characters is wrong. Try as often as you like: this server locks nobody out."),
		grow(f, row, button("primary", "Continue")),
		help(fact("Passphrase", mono(p.Passphrase))))}
}

// help is what a development server tells and no other would.
func help(facts ...*html.Node) *html.Node {
	return el("section", attributes{"class", "help", "aria-labelledby", "help"},
		el("h2", attributes{"id", "help"}, text("Shown since this is a development server")),
		el("dl", attributes{"class", "facts"}, facts...))
}

// grouped parts a secret into fours, as authenticator apps show it.
func grouped(secret string) string {
	var b strings.Builder
	for i, c := range strings.TrimRight(secret, "=") {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (p organisationPage) nodes() []*html.Node {
	list := el("ul", attributes{"class", "choices"})
	for _, o := range p.Organisations {
		grow(list, el("li", nil, el("button", attributes{"class", "choice", "type", "submit", "name", "organisation", "value", o.ID},
			el("span", attributes{"class", "name"}, foreign(o.Name)), aside(", "),
			el("span", attributes{"class", "about"}, foreign(o.Types)), aside(", code "),
			mono(o.Code))))
	}
	return []*html.Node{card("Choose your organisation",
		lead(isolated(p.Name), text(", you belong to "+strconv.Itoa(len(p.Organisations))+" organisations. "),
			strong(foreign(p.Application)), text(" works with one of them.")),
		form("/organisation", p.ID, p.Token, list))}
}

func (p consentPage) nodes() []*html.Node {
	list := el("ul", attributes{"class", "scopes"})
	for _, sc := range p.Scopes {
		disabled := ""
		if sc.Required {
			disabled = "yes"
		}
		grow(list, el("li", nil, check("scope", sc.Name, disabled, foreign(sc.About), aside(", "), mono(sc.Name))))
	}
	var remember, always *html.Node
	if p.Remember {
		remember = check("remember", "yes", "", text("Remember my choice"))
	}
	if p.Always {
		always = el("p", attributes{"class", "small"},
			text("An application that wants to go on while you are away asks each time, whatever is remembered."))
	}
	return []*html.Node{card("Allow access?",
		lead(isolated(p.Name), text(", "), strong(foreign(p.Application)), text(" asks for:")),
		problem(p.Nothing, "Allow at least one of these, or choose “Don’t allow”."),
		form("/consent", p.ID, p.Token, list, remember, always, el("div", attributes{"class", "actions"},
			button("primary", "Allow", "name", "answer", "value", "allow"),
			button("secondary", "Don’t allow", "name", "answer", "value", "deny"))))}
}

// check is a box that is ticked at first.
func check(name, value, disabled string, label ...*html.Node) *html.Node {
	return el("label", attributes{"class", "check"},
		el("input", attributes{"type", "checkbox", "name", name, "value", value, "checked?", "yes", "disabled?", disabled}),
		el("span", nil, label...))
}
