package emulator

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// organisation is one organisation of SIMS ID. The spelling of its id is kept: real ones come in either case.
type organisation struct {
	id, name string
	types    string // letters run together, as in a compound value
	code     string // the claim site: the DfE number of a school, else a code of at most eight characters
}

// membership is a user at an organisation.
type membership struct {
	userID       string // the user's SIMS external id there
	organisation organisation
}

func (m membership) compound() string {
	return m.userID + "|" + m.organisation.id + "|" + m.organisation.types
}

// user is a sample user.
type user struct {
	User
	number      int    // first part of the subject, and the claim providerid
	guid        string // second part of the subject
	siteRole    string
	passwordSet time.Time
	memberships []membership // the first is the home organisation
}

// Users returns the sample users.
func Users() []User {
	var out []User
	for _, u := range sampleUsers() {
		out = append(out, u.User)
	}
	return out
}

func logins() []string {
	var out []string
	for _, u := range sampleUsers() {
		out = append(out, u.Login)
	}
	return out
}

func lookupUser(login string) *user {
	for _, u := range sampleUsers() {
		if strings.EqualFold(u.Login, login) {
			return &u
		}
	}
	return nil
}

func (u *user) at(organisationID string) (membership, bool) {
	i := slices.IndexFunc(u.memberships, func(m membership) bool {
		return strings.EqualFold(m.organisation.id, organisationID)
	})
	if i < 0 {
		return membership{}, false
	}
	return u.memberships[i], true
}

// Local authority 999 and its schools don't exist; neither do the people.
func sampleUsers() []user {
	greenfield := organisation{"a87b0000-0000-4000-8000-000000000002", "Greenfield Academy", "S", "9994001"}
	riverside := organisation{"99AF0000-0000-4000-8000-000000000004", "Riverside Learning Trust", "M", "RLT00001"}
	oakfield := organisation{"22220000-0000-4000-8000-000000000006", "Oakfield Community Academy Trust", "MS", "9994002"}
	northmoor := organisation{"3a000000-0000-4000-8000-000000000008", "Northmoor Council", "L", "LA999"}
	fellside := organisation{"4b000000-0000-4000-8000-00000000000a", "Fellside School Support", "O", "FSS00417"}
	stAnnes := organisation{"5c000000-0000-4000-8000-00000000000c", "St Anne's Church of England Primary School", "S", "9993101"}
	hillcrest := organisation{"6d000000-0000-4000-8000-00000000000e", "Hillcrest Sixth Form College", "S", "9998003"}
	at := func(userID string, o organisation) membership { return membership{userID, o} }
	set := time.Date(2025, time.September, 1, 8, 30, 0, 0, time.UTC)

	return []user{
		{User{"head", "Margaret Ellis", "sample-head", "Headteacher at a School"},
			100201, "c4980000-0000-4000-8000-000000000001", "Headteacher", set,
			[]membership{at("c4980000-0000-4000-8000-000000000001", greenfield)}},
		{User{"manager", "David Okafor", "sample-manager", "Business manager at a Multi Academy Trust"},
			100202, "A9AB0000-0000-4000-8000-000000000003", "Business Manager", set,
			[]membership{at("A9AB0000-0000-4000-8000-000000000003", riverside)}},
		{User{"principal", "Priya Sharma", "sample-principal", "Principal at a School that is also a Multi Academy Trust"},
			100203, "11110000-0000-4000-8000-000000000005", "Headteacher", set,
			[]membership{at("11110000-0000-4000-8000-000000000005", oakfield)}},
		{User{"officer", "Gareth Hughes", "sample-officer", "Officer at a Local Authority"},
			100204, "3a000000-0000-4000-8000-000000000007", "Officer", set,
			[]membership{at("3a000000-0000-4000-8000-000000000007", northmoor)}},
		{User{"engineer", "Sophie Turner", "sample-engineer", "Engineer at a Support Organisation"},
			100205, "4b000000-0000-4000-8000-000000000009", "Engineer", set,
			[]membership{at("4b000000-0000-4000-8000-000000000009", fellside)}},
		{User{"parent", "Amira Khan", "sample-parent", "Parent with children at three Schools"},
			100206, "5c000000-0000-4000-8000-00000000000b", "Parent", set,
			[]membership{
				at("5c000000-0000-4000-8000-00000000000b", stAnnes),
				at("5c000000-0000-4000-8000-0000000000b2", greenfield),
				at("5c000000-0000-4000-8000-0000000000b3", hillcrest),
			}},
		{User{"consultant", "Thomas Whitfield", "sample-consultant", "Consultant at twelve Schools, of which a token names ten"},
			100207, "7e000000-0000-4000-8000-00000000000f", "Consultant", set, twelveSchools()},
		{User{"hostile", "\x1b[31mRobin\x1b[0m <script>alert(1)</script> \u202etset\u202c & \"Co\"", "sample-hostile",
			"A name with terminal escapes, HTML and right-to-left marks"},
			100208, "8f000000-0000-4000-8000-000000000010", "Teacher", set,
			[]membership{at("8f000000-0000-4000-8000-000000000010", greenfield)}},
	}
}

func twelveSchools() []membership {
	names := []string{
		"Ashdown", "Birchwood", "Cedar Lane", "Dovecote", "Elmbridge", "Foxhollow", "Grangewood", "Hawthorn", "Ivybridge Road",
		"Juniper Hill", "Kingsmead", "Larkrise",
	}
	var out []membership
	for i, name := range names {
		n := strconv.Itoa(i + 1)
		tail := strings.Repeat("0", 2-len(n)) + n
		out = append(out, membership{
			userID: "7e000000-0000-4000-8000-0000000001" + tail,
			organisation: organisation{
				id: "7e000000-0000-4000-8000-0000000002" + tail, name: name + " Primary School", types: "S", code: "99920" + tail,
			},
		})
	}
	return out
}
