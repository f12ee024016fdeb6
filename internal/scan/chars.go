package scan

// tokenChars has a 1 for each character of base64url (RFC 4648 section 5): a look into it takes the same time for all of them, and they
// come in no order that a processor could foresee.
const tokenChars = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00" + // -
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00" + // 0 to 9
	"\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" + // A to Z
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x01" + // _
	"\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01" + // a to z
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00" +
	zeros + zeros + zeros + zeros

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// isToken reports whether c is a character of base64url.
func isToken(c byte) bool { return tokenChars[c] != 0 }

// tokenEnd returns where the characters of base64url end that begin at b[i]. It looks at 32 at a time, or at eight.
func tokenEnd(b []byte, i int) int {
	if hasWide() && i+64 <= len(b) {
		i += spanBlocks(&b[i], (len(b)-i)/32)
	}
	for ; i+8 <= len(b); i += 8 {
		g := b[i : i+8 : i+8]
		if tokenChars[g[0]]&tokenChars[g[1]]&tokenChars[g[2]]&tokenChars[g[3]]&
			tokenChars[g[4]]&tokenChars[g[5]]&tokenChars[g[6]]&tokenChars[g[7]] == 0 {
			break
		}
	}
	for i < len(b) && isToken(b[i]) {
		i++
	}
	return i
}
