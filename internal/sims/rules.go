package sims

import "slices"

// Rule is one row of the table that Findings goes by.
type Rule struct {
	ID       string
	Severity Severity
	General  bool   // it is about any provider's tokens
	Refuse   bool   // the token isn't one that may be read in one way alone
	When     string // when it speaks
	Why      string
	Do       string
	Source   string
}

// Rules returns the table, in the order in which Findings reports.
func Rules() []Rule {
	var table []Rule
	for _, r := range rules() {
		table = append(table, r.Rule)
	}
	return table
}

// rule is a Rule with the look that finds what it speaks of: each text is one finding's Seen.
type rule struct {
	Rule
	look func(look) []string
}

// Where rules come from.
const (
	documented = "SIMS ID's public documentation"
	issued     = "tokens that SIMS ID issued"
)

func rules() []rule {
	return slices.Concat(formRules(), errorRules(), organisationRules(), otherRules(), loginRules(), carefulRules(), noteRules(), refreshRules())
}

func errorRules() []rule {
	return []rule{
		{Rule{
			ID: "scopes-exclusive", Severity: Error,
			When:   "both " + scopeSingle + " and " + scopeSeveral + " are asked for or granted",
			Why:    "an application works either with one organisation or with several: SIMS ID documents the two scopes as mutually exclusive",
			Do:     "ask for " + scopeSingle + " where users work at one school at a time, or for " + scopeSeveral + " where they need all of theirs, never for both",
			Source: documented + ", scopes",
		}, exclusiveScopes},
		{Rule{
			ID: "claim-missing", Severity: Error,
			When:   "the scope for a user's organisations was granted, and no token has its claim",
			Why:    "without the claim an application cannot tell at which organisation the user works",
			Do:     "check that the user belongs to an organisation in SIMS ID and signed in with a SIMS ID login; if so, ask partner support whether the client has the scope",
			Source: documented + ", scopes and claims",
		}, missingOrganisation},
		{Rule{
			ID: "value-malformed", Severity: Error,
			When:   "an organisation value is not userid|organisationid|organisationtype",
			Why:    "it names no organisation, so nothing may be granted by it",
			Do:     "refuse this value in your application, keep the others, and report it to partner support as received",
			Source: documented + ", organisation claims",
		}, malformedValues},
		{Rule{
			ID: "guid-malformed", Severity: Error,
			When:   "an organisation value's user id or organisation id is no GUID",
			Why:    "an id of another form matches no user and no organisation in SIMS ID's other services",
			Do:     "refuse this value in your application, keep the others, and report it to partner support as received",
			Source: documented + ", organisation claims",
		}, malformedGUIDs},
	}
}

func organisationRules() []rule {
	return []rule{
		{Rule{
			ID: "type-unknown", Severity: Warning,
			When:   "an organisation type has a letter outside C, G, L, M, O and S",
			Why:    "SIMS ID has a type of organisation that its documentation doesn't name",
			Do:     "let your application ignore unknown letters and go by those that it knows; report the letter, so that it gets a name here",
			Source: documented + ", organisation types",
		}, unknownTypes},
		{Rule{
			ID: "organisations-several", Severity: Warning,
			When:   claimSingle + " has more than one value",
			Why:    "the claim names the one organisation signed in at; with several values an application would have to guess",
			Do:     "refuse the login in your application, and report it to partner support",
			Source: documented + ", claims",
		}, severalInSingle},
		{Rule{
			ID: "organisations-ten", Severity: Warning,
			When:   claimSeveral + " has exactly ten values",
			Why:    "SIMS ID puts at most ten organisations into a token: this list may have been cut, and the user may belong to more",
			Do:     "ask SIMS ID for the full list before you tell the user that an organisation is not theirs",
			Source: documented + ", claims",
		}, tenOrganisations},
		{Rule{
			ID: "organisations-flag", Severity: Warning,
			When:   claimMultiple + " is neither true nor false, or doesn't fit the number of organisations in the token",
			Why:    "one of the two is wrong, and an application that trusts the wrong one hides organisations or offers a choice of one",
			Do:     "go by the organisation claim; read " + claimMultiple + ` as the text "true" or "false", which SIMS ID sends in place of a Boolean`,
			Source: documented + ", claims; the text is from " + issued,
		}, oddFlag},
	}
}

func otherRules() []rule {
	return []rule{
		{Rule{
			ID: "scope-not-granted", Severity: Warning,
			When:   "a scope was asked for and not granted",
			Why:    "the claims and calls that it stands for are missing, though the login succeeded",
			Do:     "ask partner support to add the scope to the client, or stop asking for it; a user who declined it has to sign in again",
			Source: "RFC 6749 section 3.3",
		}, notGranted},
		{Rule{
			ID: "application-missing", Severity: Warning,
			When:   "the scope for a user's organisations was granted, and no token has applicationid, applicationname or vendorid",
			Why:    "an API that tells applications apart by these claims may refuse the token",
			Do:     "ask partner support whether the client is linked to an application and its vendor",
			Source: documented + ", claims; applicationname and vendorid are from " + issued,
		}, missingApplication},
		{Rule{
			ID: "site-long", Severity: Warning,
			When:   "site has more than 8 characters",
			Why:    "an organisation's code has at most 8 characters: an application may have no room for more",
			Do:     "identify organisations by the organisation id, never by site alone, and report the value to partner support",
			Source: documented + ", claims",
		}, longSite},
	}
}

func noteRules() []rule {
	return []rule{
		{Rule{
			ID: "claim-unseen", Severity: Note,
			When:   "the scope for a user's organisations was granted, the ID token lacks its claim, and the access token cannot be read",
			Why:    "the claim may be in the access token, which is a handle or missing here",
			Do:     "ask the provider by simsid introspect or simsid userinfo",
			Source: documented + ", claims",
		}, unseenOrganisation},
		{Rule{
			ID: "role-missing", Severity: Note,
			When:   "the scope roles was granted, and no token has the claim role",
			Why:    "the user has no roles, or they are given by the userinfo endpoint alone",
			Do:     "ask by simsid userinfo; an application must get on with users who have no roles",
			Source: documented + ", scopes",
		}, missingRole},
		{Rule{
			ID: "subject-parts", Severity: Note,
			When:   "a user's sub doesn't have its five parts, or its first part isn't providerid",
			Why:    "the parts of sub are not documented: an application that relies on them breaks when they change",
			Do:     "identify a user at an organisation by the first part of the organisation value, the SIMS external id",
			Source: issued,
		}, oddSubject},
	}
}
