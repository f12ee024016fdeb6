package cli

import (
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/sims"
)

// topic is a page of help that is about no single command.
type topic struct {
	name  string // "exit-codes"
	short string // as a command's: one line without a final stop
	parts func() []part
}

// part is a piece of a topic: a paragraph, a list of terms, or lines that are to be copied.
type part struct {
	heading string
	text    string
	terms   []term
	lines   []string
}

// term is a word and what it means.
type term struct{ name, meaning string }

func topics() []topic {
	return []topic{
		{"environment", "The variables that simsid reads", environmentTopic},
		{"exit-codes", "What the exit codes mean to a script", exitCodesTopic},
		{"scopes", "The scopes of SIMS ID and what each brings", scopesTopic},
		{"redirects", "How the answer of a sign-in gets back to this machine", redirectsTopic},
	}
}

func lookupTopic(name string) (topic, bool) {
	all := topics()
	i := slices.IndexFunc(all, func(t topic) bool { return t.name == name })
	if i < 0 {
		return topic{}, false
	}
	return all[i], true
}

func environmentTopic() []part {
	var keys []term
	for _, s := range config.Settings() {
		if s.Env != "" {
			keys = append(keys, term{s.Env, s.Meaning})
		}
	}
	return []part{
		{text: "A flag comes before a variable, a variable before the profile, and the profile before the default of its kind. An empty variable counts as unset. `simsid profile show --origin` says where each value came from."},
		{heading: "Where things lie, and which profile", terms: []term{
			{"SIMSID_PROFILE", "the profile to use, as -p does"},
			{"SIMSID_CONFIG_DIR", "folder of config.toml"},
			{"SIMSID_STATE_DIR", "folder of logins and of the emulator's state"},
		}},
		{heading: "Secrets", terms: secretVariables()},
		{heading: "The keys of a profile", text: "The profiles inside simsid (emulator, emulator-reports, emulator-imis) take none of those that say who the client is, where its provider and its APIs are and how the answer comes back, nor the client's secret, the refresh token and the API headers: what is exported for a provider leads none of them astray.", terms: keys},
		{heading: "What simsid sets", terms: []term{
			{accessTokenVariable, "the access token, for the command of exec and the shell of token --env"},
			{idTokenVariable, "the ID token, for token --env --id"},
			{withheldVariable, "the names of the secrets that exec kept from its command"},
		}},
		{heading: "What others set", terms: []term{
			{"CI", "true: nothing is asked and no browser opens, as with --no-input"},
			{"BROWSER", "the program to open the browser with; %s in it stands for the address"},
			{"NO_COLOR", "no colour"},
			{"HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the proxy, and for whom there is none"},
			{outputFileVariable, "the file that token --github-output writes to"},
		}},
		{heading: "A job without a configuration file", text: "With a kind or an issuer in the environment and no profile chosen, the variables make a profile by themselves, named env. A refresh token begins the login; the store keeps what comes of it, and the token itself is not used again:", lines: []string{
			"export SIMSID_KIND=simsid SIMSID_ENVIRONMENT=sandbox",
			"export SIMSID_ISSUER=https://YOUR-SANDBOX/ SIMSID_CLIENT_ID=pm-sso-YOUR-ID",
			"export SIMSID_CLIENT_SECRET=… SIMSID_REFRESH_TOKEN=…  # the job's secrets",
			"export SIMSID_STORE=file SIMSID_STORE_KEY=AGE-SECRET-KEY-1…",
			"export SIMSID_STATE_DIR=FOLDER-THAT-THE-JOB-KEEPS",
			"simsid exec -- ./sync.sh",
		}},
	}
}

func secretVariables() []term {
	return []term{
		{clientSecretVariable, "client secret, before the stored one"},
		{introspectionSecretVariable, "secret of the scope that introspection_id names"},
		{refreshTokenVariable, "refresh token that a login begins with where nobody can sign in; used once. Another value, while the login that is kept lives, is refused"},
		{apiHeadersVariable, "headers that simsid api sends, 'Name: value', one a line; before the stored ones"},
		{"SIMSID_STORE_KEY", "age identity that opens the sealed file (AGE-SECRET-KEY-1…)"},
		{"SIMSID_STORE_KEY_FILE", "file that holds it"},
		{"SIMSID_STORE_PASSPHRASE", "passphrase that opens the sealed file"},
		{"SIMSID_STORE_PASSPHRASE_FILE", "file that holds it"},
	}
}

func exitCodesTopic() []part {
	return []part{
		{terms: []term{
			{"0", "done"},
			{"1", "failed, for a reason of its own: the message says which"},
			{"2", "the command line or the configuration is wrong; nothing was done"},
			{"3", "a check was made and the answer is no: inactive, invalid, an expectation that isn't met"},
			{"4", "a login is needed, or was refused"},
			{"5", "the provider or the network is unavailable: trying again may help"},
			{"6", "the store is unavailable or locked"},
			{"130", "interrupted"},
		}},
		{heading: "exec", text: "The exit code is the command's own. 127 says that there is no such command and 126 that it can't be run; where simsid has no token for it, the codes above hold, and the command doesn't run."},
		{heading: "api", text: "0 for an answer of 2xx or 304, 4 for 401, 5 for 408, 429 and 5xx, 1 for every other. The answer is printed in any case, but for --jq, which filters answers of success alone."},
		{heading: "--jq", text: "A member that isn't there is null, as jq has it, and the exit code stays the command's own. Where a script can't do without one, add // error: --jq '.a // error(\"no a\")' fails then, with 2 and those words."},
		{heading: "In a script", text: "Standard output holds the answer and nothing else, and is empty where there is none; what went wrong stands on standard error, as JSON with -o json.", lines: []string{
			"token=$(simsid token -p school) || case $? in",
			"  4) echo 'sign in first: simsid login -p school' >&2; exit 1 ;;",
			"  5) sleep 60; token=$(simsid token -p school) || exit ;;",
			"  *) exit 1 ;;",
			"esac",
		}},
	}
}

func scopesTopic() []part {
	user, own := part{heading: "Granted by a user who signs in"}, part{heading: "For the application itself, with --flow ClientCredentials"}
	for _, s := range sims.Scopes() {
		t := term{s.Name, s.Meaning}
		if len(s.Claims) > 0 {
			t.meaning += "; claims: " + strings.Join(s.Claims, ", ")
		}
		if s.Grant == sims.GrantUser {
			user.terms = append(user.terms, t)
		} else {
			own.terms = append(own.terms, t)
		}
	}
	var rules []string
	kind, _ := provider.LookupKind("simsid")
	for _, r := range kind.Rules {
		if len(r.Scopes) > 0 {
			rules = append(rules, strings.Join(r.Scopes, " and ")+" exclude each other: "+r.Says+". "+capital(r.WayOut)+".")
		}
	}
	return []part{
		{text: "Scopes say what a token is to be good for. A client gets those alone that it is registered for; others are refused with invalid_scope. This is SIMS ID's list, and the emulator's; another provider has its own, of which openid, profile and offline_access are everybody's."},
		user, own,
		{heading: "Rules", text: strings.Join(rules, " ")},
		{heading: "Asking for them", lines: []string{
			"simsid login -p school --scope 'openid profile roles partner'",
			"simsid profile edit school --scope 'openid profile offline_access'",
		}},
	}
}

func redirectsTopic() []part {
	rules := part{heading: "What SIMS ID demands"}
	kind, _ := provider.LookupKind("simsid")
	for _, r := range kind.Rules {
		if r.Name == provider.RuleNoLocalhost || r.Name == provider.RuleHTTPSRedirect {
			name := "everywhere"
			if r.Environment != "" {
				name = r.Environment
			}
			rules.terms = append(rules.terms, term{name, r.Says + ": " + r.WayOut})
		}
	}
	return []part{
		{text: "After the sign-in the provider sends the browser to the redirect URI, with the answer in it. It has to be registered for the client, and is compared as a whole: scheme, host, port, path and trailing slash. IdentityServer3 compares the port even on loopback; a standard provider leaves it open there (RFC 8252)."},
		{heading: "What simsid can listen on", terms: []term{
			{"http://127.0.0.1:8400/callback", "a port of this machine, as it is registered"},
			{"http://127.0.0.1:0/callback", "any free port, where the provider leaves the port open"},
			{"https://localhost:5454/", "by a certificate that simsid makes on first use: simsid cert show says how to trust it"},
			{"https://sso.example.com/", "with --listen ADDRESS, where that host leads to this machine"},
		}},
		{heading: "What it can't", text: "Where the URI leads elsewhere, the browser ends on a page there, or on none. Paste the address that it ends at into the terminal, or give it on standard input with --paste. Over SSH simsid prints the tunnel that brings the answer here.", lines: []string{
			"simsid login -p live --paste",
		}},
		rules,
	}
}

// capital begins a sentence.
func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
