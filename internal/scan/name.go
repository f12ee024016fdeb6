package scan

// sense says what a name means for the value that belongs to it.
type sense uint8

const (
	none        sense = iota
	aToken            // a token or an assertion
	weakToken         // a token, if the value looks like one: "token" is a word of many trades
	weakCode          // an authorisation code, likewise
	code              // a code of the device flow
	secret            // a client secret, a password, a verifier
	credentials       // Authorization: a scheme and what belongs to it
	cookie            // Cookie: all pairs
	setCookie         // Set-Cookie: the first pair
	harCookies        // an array of cookies in an HTTP archive
	login             // a login name or an e-mail address
	person            // a person's name, if it looks like one: most things have a "name"
)

// named says what a name in lower case without "_" and "-" means.
func named(name string) sense {
	switch name {
	case "accesstoken", "refreshtoken", "idtoken", "idtokenhint", "logouttoken", "subjecttoken", "actortoken",
		"refreshtokenhandle", "accesstokenhandle", "tokenhandle", "assertion", "samlresponse", "wresult", "wsresult":
		return aToken
	case "token":
		return weakToken
	case "code", "authorizationcode", "authorisationcode", "authcode", "oauthcode":
		return weakCode
	case "devicecode", "usercode":
		return code
	case "secret", "clientsecret", "password", "passwd", "passphrase", "codeverifier", "apikey", "subscriptionkey":
		return secret
	case "authorization", "proxyauthorization":
		return credentials
	case "cookie":
		return cookie
	case "setcookie":
		return setCookie
	case "cookies":
		return harCookies
	case "user", "username", "login", "loginname", "loginhint", "email", "emailaddress", "mail", "upn", "uniquename",
		"preferredusername", "givenname", "familyname", "nickname", "phonenumber", "fullname", "displayname", "firstname", "lastname",
		"middlename", "surname", "nameid":
		return login
	case "name":
		return person
	}
	return none
}

// suffixes says whether a sense holds for a name that only ends so: user_password is one, status_code isn't.
func (s sense) suffixes() bool {
	return s == aToken || s == weakToken || s == secret
}

func isName(c byte) bool { return isToken(c) || c == '.' }

// nameAround returns where the name that b[i] lies in begins and ends; false when it is too long for one.
func nameAround(b []byte, i int) (from, to int, ok bool) {
	from, to = i, i
	for from > 0 && isName(b[from-1]) {
		if from--; i-from > maxName {
			return 0, 0, false
		}
	}
	for to < len(b) && isName(b[to]) {
		if to++; to-i > maxName {
			return 0, 0, false
		}
	}
	return from, to, to > from
}

// senseOf says what the name b[from:to] means. What stands before it may belong to an escape: in %26code the name is code, in
// \ncode too.
func senseOf(b []byte, from, to int) sense {
	var text [2*maxName + 2]byte
	var starts [2*maxName + 2]uint8 // where in text a part of the name begins
	n, parts := 0, 1
	exact := from + escapedBefore(b, from, to) // where the whole name begins
	whole := 0                                 // and where in text
	for i := from; i < to; i++ {
		c := b[i]
		switch {
		case c == '_' || c == '-' || c == '.':
			starts[parts], parts = uint8(n), parts+1
			if c == '.' && i >= exact {
				whole = n
			}
			continue
		case i == exact && i > from:
			starts[parts], parts, whole = uint8(n), parts+1, n
		case c >= 'A' && c <= 'Z' && i > from && b[i-1] >= 'a' && b[i-1] <= 'z':
			starts[parts], parts = uint8(n), parts+1
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		text[n], n = c, n+1
	}
	for i := range parts {
		start := int(starts[i])
		if s := named(string(text[start:n])); s != none && (start <= whole || s.suffixes()) {
			return s
		}
	}
	return none
}

// escapedBefore returns how many characters at the start of what looks like a name belong to an escape that begins before it.
func escapedBefore(b []byte, from, to int) int {
	if from == 0 {
		return 0
	}
	n := 0
	switch b[from-1] {
	case '%':
		n = 2
		for to-from >= n+2 && b[from+n-2] == '2' && b[from+n-1] == '5' && isHex(b[from+n]) && isHex(b[from+n+1]) {
			n += 2
		}
	case '\\':
		switch b[from] {
		case 'u':
			n = 5
		case 'n', 'r', 't':
			n = 1
		}
	}
	if n >= to-from {
		return 0
	}
	return n
}
