package render

import "github.com/simsid/simsid/internal/sims"

// claimMeaning says what a claim or a member of a provider's answer means, "" when that isn't known. Only a provider
// that speaks SIMS ID's vocabulary has its claims explained by it: elsewhere the same name may mean anything.
func claimMeaning(name string, simsID bool) string {
	if simsID {
		if info, ok := sims.LookupClaim(name); ok {
			return info.Meaning
		}
	}
	return registeredClaim(name)
}

// registeredClaim explains the names that are registered for everybody (RFC 7519 section 4.1, RFC 7662 section 2.2, RFC
// 8693 section 4, OpenID Connect Core 2 and 5.1, OpenID Connect Front-Channel Logout 3).
func registeredClaim(name string) string {
	switch name {
	case "iss":
		return "who issued it"
	case "sub":
		return "the subject: whom it is about"
	case "aud":
		return "whom it is meant for"
	case "exp":
		return "when it ends"
	case "nbf":
		return "when it begins"
	case "iat":
		return "when it was issued"
	case "jti":
		return "its own identifier"
	case "azp":
		return "the client it was issued to"
	case "nonce":
		return "ties it to the request of the login"
	case "auth_time":
		return "when the user signed in"
	case "acr":
		return "how strongly the user was authenticated"
	case "amr":
		return "by which means the user was authenticated"
	case "at_hash":
		return "ties it to the access token"
	case "c_hash":
		return "ties it to the authorisation code"
	case "sid":
		return "the user's session at the provider"
	case "client_id":
		return "the client it was issued to"
	case "scope":
		return "what it gives access to"
	case "active":
		return "whether the provider accepts the token"
	case "token_type":
		return "how the token is used"
	case "username":
		return "the user, for people"
	default:
		return registeredPerson(name)
	}
}

// registeredPerson explains the claims about the user (OpenID Connect Core 5.1).
func registeredPerson(name string) string {
	switch name {
	case "name":
		return "the user's full name"
	case "given_name":
		return "the user's first names"
	case "family_name":
		return "the user's last names"
	case "middle_name":
		return "the user's middle names"
	case "nickname":
		return "the user's casual name"
	case "preferred_username":
		return "what the user wants to be called; not unique"
	case "profile":
		return "the user's profile page"
	case "picture":
		return "the user's picture"
	case "website":
		return "the user's own page"
	case "email":
		return "the user's e-mail address"
	case "email_verified":
		return "whether the e-mail address was checked"
	case "gender":
		return "the user's gender"
	case "birthdate":
		return "the user's birthday"
	case "zoneinfo":
		return "the user's time zone"
	case "locale":
		return "the user's language"
	case "phone_number":
		return "the user's telephone number"
	case "phone_number_verified":
		return "whether the telephone number was checked"
	case "address":
		return "the user's postal address"
	case "updated_at":
		return "when the user's data last changed"
	default:
		return ""
	}
}

// scopeMeaning says what a scope gives, "" when that isn't known.
func scopeMeaning(name string, simsID bool) string {
	if simsID {
		if s, ok := sims.LookupScope(name); ok {
			return s.Meaning
		}
	}
	// OpenID Connect Core 3.1.2.1, 5.4 and 11.
	switch name {
	case "openid":
		return "an ID token, which says who signed in"
	case "profile":
		return "the user's name and the like"
	case "email":
		return "the user's e-mail address"
	case "address":
		return "the user's postal address"
	case "phone":
		return "the user's telephone number"
	case "offline_access":
		return "a refresh token"
	default:
		return ""
	}
}
