package scan

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/sims"
	"github.com/simsid/simsid/internal/token"
)

// Finding is a JWT in a text, taken apart. Only its form has been checked, unless Signature says more.
type Finding struct {
	Line    int64      // from 1
	Kind    token.Kind // Broken of one that can't be read
	Problem string     // what is wrong with a broken one, in words; never with text of the token
	// Header and Claims are the JSON texts as received; nil where they can't be read.
	Header, Claims []byte
	// Plain says that both are printable ASCII on one line.
	Plain bool
	// Issuer and Subject are the claims iss and sub; "" where they are missing or no strings.
	Issuer, Subject string
	// Expiry is the claim exp; the zero time where there is none. Expired compares it with ListOptions.Now.
	Expiry  time.Time
	Expired bool
	// Organisations are those of SIMS ID's claims.
	Organisations []sims.Membership
	// Signature is nil where none was checked, else whether it holds; Why says why it doesn't.
	Signature *bool
	Why       string
}

// text reads a JSON string; "" of anything else.
func text(raw []byte) string {
	if len(raw) < 2 || raw[0] != '"' {
		return ""
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s) // cannot fail: the text was read before
	return s
}

// lister is the sink of a list.
type lister struct {
	options *ListOptions
	c       *chunk

	line    int64 // line breaks before counted
	counted int

	header, claims           object
	laid                     laid
	headerText               []byte
	headerJSON, payload, sig []byte
	raw                      []byte
	organisations            map[string]sims.Membership
	own                      []sims.Membership
	issuerText               []byte // of the last issuer that was met; there are few
	issuer                   string
	f                        Finding
	good                     bool
}

func (l *lister) begin(c *chunk) {
	l.c, l.line, l.counted = c, c.line, c.lo
	c.out = c.out[:0]
	c.summary = Summary{Found: make(map[string]int64)}
}

func (l *lister) pass([]byte) {}

func (l *lister) found(v *value, text []byte, long bool, at int) {
	l.line += int64(bytes.Count(l.c.text[l.counted:at], []byte{'\n'}))
	l.counted = at
	l.f = Finding{Line: l.line + 1}
	if v.laid {
		l.f.Line -= int64(bytes.Count(text, []byte{'\n'}))
		l.laid.take(text, nil)
		text = l.laid.text
	}
	if long {
		l.f.Kind, l.f.Problem = Broken, "the token is longer than 1 MiB"
	} else {
		l.read(text)
	}
	s := &l.c.summary
	s.Found[string(l.f.Kind)]++
	if l.f.Expired {
		s.Expired++
	}
	if l.f.Signature != nil {
		if *l.f.Signature {
			s.Verified++
		} else {
			s.Failed++
		}
	}
	l.c.out = l.options.Each(l.c.out, &l.f)
}

// read takes a token apart into l.f.
func (l *lister) read(raw []byte) {
	if bytes.IndexByte(raw, '%') >= 0 || bytes.IndexByte(raw, '\\') >= 0 {
		l.raw = bare(l.raw[:0], raw)
		raw = l.raw
	}
	input, signature, ok := l.usual(raw)
	if !ok {
		if input, signature, ok = l.unusual(raw); !ok {
			return
		}
	}
	f := &l.f
	f.Kind = kindOf(&l.header, &l.claims)
	if exp := l.claims.get("exp"); exp != nil {
		if t, ok := numericDate(exp); ok {
			f.Expiry, f.Expired = t, !l.options.Now.Before(t)
		}
	}
	l.own = l.memberships(l.own[:0])
	f.Organisations = l.own
	if iss := l.claims.get("iss"); !bytes.Equal(iss, l.issuerText) {
		l.issuerText, l.issuer = append(l.issuerText[:0], iss...), text(iss)
	}
	f.Issuer, f.Subject = l.issuer, text(l.claims.get("sub"))
	if l.options.Verify != nil {
		err := errCritical // RFC 7515 section 4.1.11
		if l.header.get("crit") == nil {
			err = l.options.Verify.Verify(text(l.header.get("alg")), text(l.header.get("kid")), input, signature)
		}
		if l.good = err == nil; err != nil {
			f.Why = err.Error()
		}
		f.Signature = &l.good
	}
}

var errCritical = errors.New("the header's crit demands extensions that aren't known here")

// bare appends a token without the encoding that its surroundings put around its characters.
func bare(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		n, c := 1, raw[i]
		if k, d := percentAt(raw[i:]); k > 0 {
			n, c = k, d
		} else if k, d := unicodeAt(raw[i:]); k > 0 {
			n, c = k, d
		}
		dst = append(dst, c)
		i += n
	}
	return dst
}

// usual takes a token apart that is as tokens are. false says that it has to be looked at more closely, and nothing else.
func (l *lister) usual(raw []byte) (input, signature []byte, ok bool) {
	first := bytes.IndexByte(raw, '.')
	if first < 0 {
		return nil, nil, false
	}
	second := bytes.IndexByte(raw[first+1:], '.')
	if second < 0 {
		return nil, nil, false
	}
	second += first + 1
	if len(raw) > token.MaxJWT || !l.usualHeader(raw[:first]) {
		return nil, nil, false
	}
	strict := base64.RawURLEncoding.Strict()
	var err error
	if l.payload, err = strict.AppendDecode(l.payload[:0], raw[first+1:second]); err != nil || len(l.payload) > token.MaxObject {
		return nil, nil, false
	}
	if l.claims.read(l.payload) != whole || !l.claims.usual {
		return nil, nil, false
	}
	signature = raw[second+1:]
	if l.options.Verify == nil {
		ok = canonical(signature)
	} else {
		l.sig, err = strict.AppendDecode(l.sig[:0], signature)
		signature, ok = l.sig, err == nil
	}
	if !ok {
		return nil, nil, false
	}
	l.f.Header, l.f.Claims, l.f.Plain = l.headerJSON, l.payload, true
	return raw[:second], signature, true
}

// canonical reports whether characters of base64url are the one spelling of something, without finding out of what.
func canonical(encoded []byte) bool {
	if len(encoded)%4 == 0 {
		return true
	}
	var b [3]byte
	_, err := base64.RawURLEncoding.Strict().Decode(b[:], encoded[len(encoded)&^3:])
	return err == nil
}

// usualHeader reads a header into l.header; tokens of one key have the same.
func (l *lister) usualHeader(encoded []byte) bool {
	if len(encoded) > 0 && bytes.Equal(encoded, l.headerText) {
		return true
	}
	l.headerText = l.headerText[:0]
	var err error
	if l.headerJSON, err = base64.RawURLEncoding.Strict().AppendDecode(l.headerJSON[:0], encoded); err != nil {
		return false
	}
	if l.header.read(l.headerJSON) != whole || !l.header.usual || l.header.get("enc") != nil {
		return false
	}
	l.headerText = append(l.headerText, encoded...)
	return true
}

// unusual takes any token apart, slowly, or says in l.f what it is instead.
func (l *lister) unusual(raw []byte) (input, signature []byte, ok bool) {
	l.headerText = l.headerText[:0]
	jwt, err := token.ParseJWT(string(raw))
	switch {
	case errors.Is(err, token.ErrEncrypted):
		l.f.Kind = token.KindEncrypted
		return nil, nil, false
	case err != nil:
		l.f.Kind, l.f.Problem = Broken, err.Error()
		return nil, nil, false
	}
	l.header.take(jwt.Header.Object)
	l.claims.take(jwt.Claims.Object)
	l.f.Header, _ = jwt.Header.MarshalJSON() // cannot fail: names are text, values were read
	l.f.Claims, _ = jwt.Claims.MarshalJSON()
	return jwt.SigningInput, jwt.Signature, true
}

// take makes o hold the members of p.
func (o *object) take(p token.Object) {
	o.members = o.members[:0]
	for _, m := range p.Members() {
		o.members = append(o.members, member{[]byte(m.Name), m.Value})
	}
}

// kindOf is token.JWTKind for the members that were read here.
func kindOf(header, claims *object) token.Kind {
	if raw := header.get("typ"); string(raw) != `"JWT"` { // as it is but for a few
		switch typ := strings.TrimPrefix(strings.ToLower(text(raw)), "application/"); {
		case typ == "at+jwt":
			return token.KindAccess
		case typ == "logout+jwt":
			return token.KindLogout
		case strings.HasSuffix(typ, "+jwt"):
			return token.KindJWT
		}
	}
	var id, access, maybe bool
	for _, m := range claims.members {
		switch string(m.name) {
		case "events":
			return token.KindLogout
		case "nonce", "at_hash", "c_hash":
			id = true
		case "scope", "scp", "client_id":
			access = true
		case "sid", "auth_time", "acr", "amr", "azp":
			maybe = true
		}
	}
	switch {
	case id:
		return token.KindID
	case access:
		return token.KindAccess
	case maybe:
		return token.KindID
	}
	return token.KindJWT
}

// numericDate reads a NumericDate as token.Object.Time does.
func numericDate(raw []byte) (time.Time, bool) {
	if len(raw) <= 11 { // whole seconds, as good as always
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return time.Unix(n, 0).UTC(), true
		}
	}
	o, err := token.ParseObject(append(append([]byte(`{"t":`), raw...), '}'))
	if err != nil {
		return time.Time{}, false
	}
	return o.Time("t")
}

// memberships reads SIMS ID's organisations, as sims.Memberships does.
func (l *lister) memberships(list []sims.Membership) []sims.Membership {
	for _, name := range [...]string{"userorganisationidentifier", "userorganisationidentifiers"} {
		raw := l.claims.get(name)
		if raw == nil {
			continue
		}
		if raw[0] != '"' {
			o, err := token.ParseObject(append(append([]byte(`{"userorganisationidentifiers":`), raw...), '}'))
			if err == nil {
				list = append(list, sims.Memberships(o)...)
			}
			continue
		}
		m, ok := l.organisations[string(raw)]
		if !ok {
			m = sims.ParseMembership(text(raw))
			if l.organisations == nil || len(l.organisations) > 1000 {
				l.organisations = make(map[string]sims.Membership)
			}
			l.organisations[string(raw)] = m
		}
		list = append(list, m)
	}
	return list
}
