package cli

import (
	"path/filepath"
	"strings"
	"unicode"

	"github.com/simsid/simsid/internal/render"
)

// redacted takes out of an examination what a ticket mustn't have: the secrets that simsid was given, wherever they got to; the user's home
// folder; and, for programs, the login name, the other folders that the user named, and the values of addresses' queries. For people these
// stay, since a redirect URI has to be registered as it is, and a command typed.
func (x *examination) redacted(v render.Examined) render.Examined {
	clean := x.redaction(x.caller.json(), x.namedFiles()...)
	v.Issuer, v.ClientID, v.Profile = clean(v.Issuer), clean(v.ClientID), clean(v.Profile)
	all := func(list []string) []string {
		var out []string
		for _, s := range list {
			out = append(out, clean(s))
		}
		return out
	}
	checks := make([]render.Examination, 0, len(v.Checks))
	for _, c := range v.Checks {
		c.Says, c.More, c.Mend = clean(c.Says), all(c.More), all(c.Mend)
		checks = append(checks, c)
	}
	v.Checks = checks
	return v
}

// redaction makes the function that does it to a text; files are those that settings name.
func (a *app) redaction(ticket bool, files ...string) func(string) string {
	var secrets []string
	for _, t := range secretVariables() {
		if v := a.env.Getenv(t.name); len(v) >= 8 && !strings.HasSuffix(t.name, "_FILE") {
			secrets = append(secrets, strings.TrimSpace(v))
		}
	}
	home := a.homeFolder()
	user := a.loginName(home)
	var named []namedPath
	if ticket {
		named = a.namedPaths(home, files)
	}
	return func(s string) string {
		for _, secret := range secrets {
			s = strings.ReplaceAll(s, secret, "[masked]")
		}
		for _, n := range named {
			s = n.replaced(s)
		}
		s = withoutHome(s, home)
		if !ticket {
			return s
		}
		return withoutQueries(withoutFolders(withoutName(s, user)))
	}
}

// homeFolder is the user's, "" where there is none that could be told from the rest of a path.
func (a *app) homeFolder() string {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home := strings.TrimRight(a.env.Getenv(name), `/\`); len(home) > 1 && filepath.IsAbs(home) {
			return home
		}
	}
	// Without the variable, the system has said where the user's folders are.
	config, err := a.env.ConfigDir()
	if err != nil {
		return ""
	}
	for _, below := range []string{"/.config/simsid", "/Library/Application Support/simsid", `\AppData\Roaming\simsid`} {
		if home, ok := strings.CutSuffix(config, below); ok && len(home) > 1 {
			return home
		}
	}
	return ""
}

// loginName is the user's, by the system's variables or by the home folder's name.
func (a *app) loginName(home string) string {
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if v := a.env.Getenv(name); v != "" {
			return v
		}
	}
	if home == "" {
		return ""
	}
	return filepath.Base(home)
}

// withoutHome shortens the home folder as shells write it: within quotes too, where the shell would leave a tilde as it is.
func withoutHome(s, home string) string {
	if home == "" {
		return s
	}
	for _, sep := range []string{"/", `\`} {
		s = strings.ReplaceAll(s, "'"+home+sep, "~"+sep+"'")
		s = strings.ReplaceAll(s, home+sep, "~"+sep)
	}
	return replaceWord(s, home, "~", func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r) })
}

// withoutName takes the login name out where it stands alone: as a part of a path, or before the @ of a login elsewhere.
func withoutName(s, user string) string {
	if user == "" {
		return s
	}
	for _, at := range []struct{ before, behind string }{{"/", "/"}, {`\`, `\`}, {" ", "@"}, {"'", "@"}, {"/", " "}, {"/", "'"}, {"/", ":"}} {
		s = strings.ReplaceAll(s, at.before+user+at.behind, at.before+"USER"+at.behind)
	}
	if strings.HasSuffix(s, "/"+user) {
		s = strings.TrimSuffix(s, user) + "USER"
	}
	return s
}

// replaceWord replaces a word that no further character of one follows.
func replaceWord(s, word, by string, goesOn func(rune) bool) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, word)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if next := []rune(rest); len(next) > 0 && goesOn(next[0]) {
			b.WriteString(word)
		} else {
			b.WriteString(by)
		}
		s = rest
	}
}

// withoutQueries takes the values out of the queries of addresses, and user names with passwords; the names of parameters stay.
func withoutQueries(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		i += len("://")
		b.WriteString(s[:i])
		end := strings.IndexFunc(s[i:], func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'<>`", r) })
		if end < 0 {
			end = len(s) - i
		}
		b.WriteString(bareAddress(s[i : i+end]))
		s = s[i+end:]
	}
}

// bareAddress is an address behind its scheme without the values that it may hold.
func bareAddress(address string) string {
	address, fragment, hasFragment := strings.Cut(address, "#")
	address, query, hasQuery := strings.Cut(address, "?")
	if at := strings.LastIndex(address, "@"); at >= 0 && !strings.Contains(address[:at], "/") && address[:at] != "USER:PASSWORD" {
		address = "…" + address[at:]
	}
	if hasQuery {
		var names []string
		for param := range strings.SplitSeq(query, "&") {
			name, _, valued := strings.Cut(param, "=")
			if !valued {
				name = "…"
			} else {
				name += "=…"
			}
			names = append(names, name)
		}
		address += "?" + strings.Join(names, "&")
	}
	if hasFragment && fragment != "" {
		address += "#…"
	}
	return address
}
