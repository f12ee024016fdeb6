package emulator

import (
	"net/http"
	"strings"
)

// startPage is what the page at / shows.
type startPage struct {
	Issuer, Discovery string
	Clients           []*ClientConfig
	Scopes            []ScopeConfig
	SignedIn, Token   string
	Users             []User
}

func (s *Server) serveStart(w http.ResponseWriter, r *http.Request) {
	st, err := s.store.read(r.Context())
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	data := startPage{
		Issuer: s.issuer, Discovery: "/.well-known/openid-configuration",
		Scopes: s.scopes, Users: s.Users(),
	}
	for _, c := range s.clients {
		if !c.Disabled {
			data.Clients = append(data.Clients, c)
		}
	}
	if _, _, u := s.sessionIn(st, r); u != nil {
		browser, err := s.formBrowser(w, r)
		if err == nil {
			data.Token, err = s.formToken(logoutPurpose("", ""), browser)
		}
		if err != nil {
			s.unavailable(w, r, err)
			return
		}
		data.SignedIn = u.Name
	}
	s.show(w, r, http.StatusOK, page{title: "The emulator is running", wide: true, main: data.nodes()})
}

// userOf finds the user of a subject.
func (s *Server) userOf(subject string) *user {
	parts := strings.Split(subject, "|")
	if len(parts) != 5 {
		return nil
	}
	u := s.lookupUser(parts[2])
	if u == nil || !samePerson(subject, subjectOf(u)) {
		return nil
	}
	return u
}

func subjectOf(u *user) string { return subject(u, "") }

// organisationOf reads the organisation that an access token was issued for.
func organisationOf(claims claimSet) string {
	parts := strings.Split(claims.text("userorganisationidentifier"), "|")
	if len(parts) != 3 {
		return ""
	}
	return parts[1]
}

// typeWords says an organisation's letters in words.
func typeWords(letters string) string {
	words := map[rune]string{
		'C': "ESS Ltd company", 'G': "School group", 'L': "Local authority", 'M': "Multi academy trust",
		'O': "Support organisation", 'S': "School",
	}
	var out []string
	for _, letter := range letters {
		out = append(out, words[letter])
	}
	return strings.Join(out, " and ")
}
