package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/simsid/simsid/internal/config"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// configuration looks at the file: whether it can be read, what is in it, and who can change it.
func (x *examination) configuration(context.Context) finding {
	homeless, lost := finding{}, false
	if dir, err := x.env.ConfigDir(); err == nil {
		homeless, lost = x.homeless(dir, "the configuration", "SIMSID_CONFIG_DIR")
	}
	if lost && homeless.outcome == render.ExamFailed {
		return homeless
	}
	file, err := x.loadConfig()
	if err != nil {
		return x.fault(err)
	}
	x.file = file
	if access, ok := errors.AsType[*config.AccessError](config.CheckAccess(file.Path())); ok {
		f := failed(access.Error())
		if access.Mend != "" {
			f.mend = []string{access.Mend}
		}
		return f
	}
	if lost {
		return homeless
	}
	if odd := x.oddVariables(); odd.outcome != "" {
		return odd
	}
	if danglingLink(file.Path()) {
		return warned(file.Path()+" is a symbolic link to what isn't there: no profile can be read", "see where it leads: ls -l "+shellWord(file.Path()), "bring back what it leads to, or take the link away")
	}
	if n := len(file.Names()); n != 1 {
		return passed(fmt.Sprintf("%s: %d profiles", file.Path(), n))
	}
	return passed(file.Path() + ": 1 profile")
}

// oddVariables is a warning of all that look like simsid's and mean nothing to it.
func (x *examination) oddVariables() finding {
	var names, mend []string
	for _, v := range x.strangeVariables() {
		names = append(names, v.name)
		if v.near != "" {
			mend = append(mend, v.name+": did you mean "+v.near+"?")
		}
	}
	const shown = 12 // an environment may be anybody's
	if n := len(names); n > shown {
		names, mend = append(names[:shown], fmt.Sprintf("and %d more", n-shown)), mend[:min(len(mend), shown)]
	}
	mend = append(mend, "every variable with what it means: simsid help environment")
	switch len(names) {
	case 0:
		return finding{}
	case 1:
		return warned("the variable "+names[0]+" means nothing to simsid", mend...)
	}
	return warned("the variables "+strings.Join(names, ", ")+" mean nothing to simsid", mend...)
}

// profile resolves the profile, and sees whether it is complete. The redirect URI has a check of its own.
func (x *examination) profile(context.Context) finding {
	s, err := x.resolveSession(selection{cmd: x.o.cmd})
	if err != nil {
		return x.unresolved(err)
	}
	if err := s.complete(); err != nil {
		// A provider can be asked without a client, as long as it is the one that is meant.
		whole := *s
		whole.profile.ClientID = "nobody"
		if s.profile.ClientID == "" && whole.complete() == nil {
			x.s = s
		}
		return x.fault(err)
	}
	x.s = s
	sound := *s
	sound.profile.RedirectURI, sound.profile.Listen, sound.profile.TLSCert, sound.profile.TLSKey = "https://localhost:5454/", "", "", ""
	if err := sound.checkFlow(&loginOptions{printURL: true}); err != nil {
		return x.fault(err)
	}
	x.flow = sound.flow
	p := s.profile
	says := p.Name + ", of kind " + p.Kind
	if p.Environment != "" {
		says += ", " + p.Environment
	}
	says += ": client " + p.ClientID + ", flow " + p.Flow
	f := passed(says)
	for _, setting := range config.Settings() {
		if o, ok := p.Origins[setting.Key]; ok && o.Source == config.FromEnvironment && p.Overridden(setting.Key) {
			f.more = append(f.more, setting.Key+" isn't the profile's own: it comes from "+o.Detail)
		}
	}
	return f
}

// unresolved is the finding of a profile that can't be had: where it was named, and every variable whose value is of no use, since whoever
// mends one after the other would have to look again after each.
func (x *examination) unresolved(err error) finding {
	f := x.fault(err)
	if is[*config.UnknownProfileError](err) && x.global.profile == "" {
		if x.env.Getenv("SIMSID_PROFILE") != "" {
			f.says += ", which SIMSID_PROFILE names"
			f.mend = append(f.mend, "or leave it to the default: unset SIMSID_PROFILE")
		} else {
			f.says += ", which the configuration names as the default"
			for _, name := range x.file.Names()[:min(len(x.file.Names()), 1)] {
				f.mend = append(f.mend, "or make another the default: simsid profile use "+name)
			}
		}
	}
	masked := map[string]bool{}
	rest := *x.app
	rest.env.Getenv = func(name string) string {
		if masked[name] {
			return ""
		}
		return x.env.Getenv(name)
	}
	for e, ok := errors.AsType[*config.ValueError](err); ok && e.Origin.Source == config.FromEnvironment && !masked[e.Origin.Detail]; e, ok = errors.AsType[*config.ValueError](err) {
		if len(masked) > 0 {
			also := x.fault(err)
			f.more, f.mend = append(f.more, also.says), append(f.mend, also.mend...)
		}
		masked[e.Origin.Detail] = true
		if _, err = rest.resolveSession(selection{cmd: x.o.cmd}); err == nil {
			break
		}
	}
	f.mend = once(f.mend)
	return f
}

// once leaves the first of each.
func once(lines []string) []string {
	var list []string
	for _, line := range lines {
		if !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list
}

// aboutRedirect reports whether a rule is about the redirect URI, which has a check of its own.
func aboutRedirect(r provider.RuleName) bool {
	return r == provider.RuleNoLocalhost || r == provider.RuleHTTPSRedirect
}

// rules are those of the kind, but for the redirect URI's and the secret's.
func (x *examination) rules(context.Context) finding {
	var broken []provider.RuleError
	for _, e := range x.s.kind.Broken(x.s.asksFor(x.flow)) {
		if !aboutRedirect(e.Rule.Name) {
			broken = append(broken, e)
		}
	}
	if len(broken) > 0 {
		return x.broken(broken)
	}
	if len(x.s.profile.Scopes) == 0 {
		return passed("nothing is asked for that " + x.kindTitle() + " is known to refuse")
	}
	if len(x.s.profile.Scopes) == 1 {
		return passed("the scope " + x.s.profile.Scopes[0] + " may be asked for")
	}
	return passed("the scopes " + strings.Join(x.s.profile.Scopes, " ") + " may be asked for together")
}

func (x *examination) kindTitle() string {
	if x.s.kind.Title == "" {
		return "the provider"
	}
	return x.s.kind.Title
}

// broken is a finding of rules that are broken, each with its way out, and what to type to keep all of them.
func (x *examination) broken(rules []provider.RuleError) finding {
	f := failed("")
	scopes, uri := slices.Clone(x.s.profile.Scopes), x.s.profile.RedirectURI
	for i, e := range rules {
		if i == 0 {
			f.says = e.Error()
		} else {
			f.more = append(f.more, e.Error())
		}
		f.mend = append(f.mend, e.Rule.WayOut)
		switch e.Rule.Name {
		case provider.RuleExclusiveScopes:
			scopes = withOneOf(scopes, e.Rule.Scopes)
		case provider.RuleOpenID:
			scopes = append([]string{"openid"}, scopes...)
		case provider.RuleHTTPSRedirect:
			uri = "https://" + strings.TrimPrefix(uri, "http://")
		case provider.RuleNoLocalhost:
			uri = "https://YOUR-HOST/"
		case provider.RuleClientSecret:
		}
	}
	if !slices.Equal(scopes, x.s.profile.Scopes) {
		f.mend = append(f.mend, x.set("scopes", strings.Join(scopes, " ")))
	}
	if uri != x.s.profile.RedirectURI {
		if strings.Contains(uri, "YOUR-HOST") || !strings.HasPrefix(x.s.profile.RedirectURI, "http://") {
			uri = "https://YOUR-HOST/"
		}
		f.mend = append(f.mend, x.set("redirect_uri", uri))
	}
	return f
}

// withOneOf leaves one of the scopes that exclude each other, the first.
func withOneOf(scopes, exclusive []string) []string {
	first := slices.IndexFunc(scopes, func(s string) bool { return slices.Contains(exclusive, s) })
	var kept []string
	for i, s := range scopes {
		if i <= first || !slices.Contains(exclusive, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// set is what to type or to change for a key to have another value, where it was said.
func (x *examination) set(keysAndValues ...string) string { return x.s.set(keysAndValues...) }
