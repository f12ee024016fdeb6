package sims

// These rules are about any provider's tokens. They speak where the whole token is there, header included.

// formRules are about tokens that two readers may read in two ways. decode answers no to them.
func formRules() []rule {
	const same = "two programs may read two different things in it, and only one of the two is what was meant"
	return []rule{
		{Rule{
			ID: "claim-type", Severity: Error, General: true, Refuse: true,
			When:   "a registered claim isn't of its type: a time that is no number or beyond the year 9999, an issuer or subject that is no text, and the like",
			Why:    "one library refuses such a token, another converts the value, a third takes the claim for missing: then a token may never end",
			Do:     "have the issuer write the claim as the standard says; let your application refuse the token until then",
			Source: "RFC 7519 sections 2 and 4.1, RFC 9068 section 2.2.3",
		}, claimTypes},
		{Rule{
			ID: "claim-name", Severity: Error, General: true, Refuse: true,
			When:   "a claim's name is another's but for upper and lower case, or has a meaning in JavaScript objects, such as __proto__",
			Why:    same + ": names are case-sensitive, and some libraries don't keep to that",
			Do:     "have the issuer take the claim out; let your application refuse the token until then",
			Source: "RFC 7519 section 4, RFC 8725 section 3.10",
		}, claimNames},
		{Rule{
			ID: "claim-number", Severity: Error, General: true, Refuse: true,
			When:   "a claim holds a number beyond 2^53, or beyond what 64 bits hold",
			Why:    same + ": JavaScript and others round such a number",
			Do:     "have the issuer write it as text",
			Source: "RFC 7493 section 2.2, RFC 8259 section 6",
		}, hugeNumbers},
		{Rule{
			ID: "alg-none", Severity: Error, General: true,
			When:   "the token isn't signed: alg is none, or missing",
			Why:    "anybody could have written it",
			Do:     "let your application refuse it, whatever it says",
			Source: "RFC 8725 section 3.2, OpenID Connect Core 2",
		}, unsigned},
		{Rule{
			ID: "audience-other", Severity: Error, General: true,
			When:   "the ID token isn't for this client, or the access token was issued to another",
			Why:    "a token for one application mustn't sign anybody in at another",
			Do:     "check the client id of the profile; let your application refuse such tokens",
			Source: "OpenID Connect Core 3.1.3.7 (3)",
		}, otherAudience},
	}
}

// carefulRules are about tokens that are as the standards allow, and not as is good practice.
func carefulRules() []rule {
	return []rule{
		{Rule{
			ID: "alg-weak", Severity: Warning, General: true,
			When:   "alg is HS256, HS384 or HS512, or none that is in use for signatures",
			Why:    "with a shared secret, whoever can check a token can also make one; an application that takes the algorithm from the token can be made to take the public key for that secret",
			Do:     "have the provider sign with RS256, PS256 or ES256, and fix the algorithm in your application",
			Source: "RFC 8725 sections 3.1 and 3.2",
		}, weakAlgorithm},
		{Rule{
			ID: "header-key", Severity: Warning, General: true,
			When:   "the header brings a key along, or an address of one: jwk, jku, x5u",
			Why:    "an application that uses it lets the token's author vouch for themselves",
			Do:     "take keys from the provider's metadata alone, as simsid does",
			Source: "RFC 8725 section 3.10",
		}, headerKeys},
		{Rule{
			ID: "expiry-missing", Severity: Warning, General: true,
			When:   "the token has no exp",
			Why:    "it never ends: whoever finds it in a log in a year can use it",
			Do:     "have the provider set an end",
			Source: "RFC 9068 section 2.2, OpenID Connect Core 2",
		}, withoutExpiry},
		{Rule{
			ID: "lifetime-odd", Severity: Warning, General: true,
			When:   "the token ends before it begins, within a minute of it, or lives longer than an hour as an ID token and a day as an access token",
			Why:    "SIMS ID's ID tokens live for 5 minutes and its access tokens for an hour: a shorter life fails on slow networks, a longer one outlives a user's rights",
			Do:     "ask the provider about the client's lifetimes",
			Source: issued + "; RFC 9700 section 4.10",
		}, oddLifetime},
		{Rule{
			ID: "clock-ahead", Severity: Warning, General: true,
			When:   "the token was issued, or begins, in the future",
			Why:    "this machine's clock is behind the provider's: fresh tokens are refused, and ended ones are taken",
			Do:     "set this machine's clock by the network (NTP); allow for a minute of difference and not for more",
			Source: "RFC 7519 section 4.1.5, OpenID Connect Core 3.1.3.7 (10)",
		}, clockAhead},
		{Rule{
			ID: "token-in-url", Severity: Warning, General: true,
			When:   "the token was found in an address",
			Why:    "addresses are kept in histories, in servers' logs and in the Referer header",
			Do:     "use the code flow, and send access tokens in the Authorization header; take the token for known to others while it is valid",
			Source: "RFC 9700 section 4.3.2, RFC 6750 section 2.3",
		}, inAddress},
	}
}

// loginRules are about the tokens of one login of SIMS ID.
func loginRules() []rule {
	return []rule{
		{Rule{
			ID: "site-no-dfe", Severity: Warning,
			When:   "the organisation is a school, and site is no DfE number of seven digits",
			Why:    "applications look schools up by their DfE number",
			Do:     "identify organisations by the organisation id; ask partner support about the school's code",
			Source: documented + ", claims",
		}, noDfE},
		{Rule{
			ID: "claims-apart", Severity: Warning,
			When:   "a claim about the user differs between the access token and the ID token",
			Why:    "one of the two is out of date: a refreshed access token keeps its claims, unless the client is set to update them",
			Do:     "sign in anew, or ask for the client's setting to update access token claims on refresh",
			Source: "IdentityServer3's UpdateAccessTokenClaimsOnRefresh",
		}, claimsApart},
	}
}

func refreshRules() []rule {
	return []rule{
		{Rule{
			ID: "claims-old", Severity: Note,
			When:   "the tokens come from a refresh",
			Why:    "a refreshed access token keeps the claims of the login, unless the client is set to update them: a changed role or organisation shows only after a new login",
			Do:     "sign in anew before you conclude that a change at the provider didn't work",
			Source: "IdentityServer3's UpdateAccessTokenClaimsOnRefresh",
		}, oldClaims},
	}
}
