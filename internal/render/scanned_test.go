package render_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/token"
)

func scannedToken(testing.TB) render.Scanned {
	return render.Scanned{
		File: "sts.log", Line: 1204, Kind: token.KindAccess, Header: json.RawMessage(rs256), Plain: true,
		Claims: json.RawMessage(`{"iss":"https://emulator.simsid.invalid/","exp":1795296942,"sub":"1001|5F1C0000-0000-4000-8000-0000000000aa|head@school.example|SIMS|7a1e0000-0000-4000-8000-0000000000bb","userorganisationidentifier":"` + both + `"}`),
		Issuer: "https://emulator.simsid.invalid/", Subject: "1001|5F1C0000-0000-4000-8000-0000000000aa|head@school.example|SIMS|7a1e0000-0000-4000-8000-0000000000bb",
		Expiry: in(59 * time.Minute), Memberships: memberships(both),
	}
}

func verifiedScan(t testing.TB) render.Scanned {
	v, holds := scannedToken(t), true
	v.File, v.Signature, v.Expiry, v.Expired = "", &holds, in(-time.Hour), true
	return v
}

func forgedScan(t testing.TB) render.Scanned {
	v, holds := scannedToken(t), false
	v.Signature, v.Why = &holds, "none of the 2 keys has this kid"
	return v
}

// The quick way writes what the slow one does.
func TestScannedLine(t *testing.T) {
	strange := scannedToken(t)
	strange.File, strange.Issuer, strange.Plain = "a\"b\x1b[31m.log", "\u202eelpmaxe", false
	strange.Claims = json.RawMessage(`{"iss":"\u202eelpmaxe","x":"` + "\u009b" + `"}`)
	named := scannedToken(t)
	named.File = "wörter \\ \".log"
	faulty := scannedToken(t)
	faulty.Memberships = memberships("x|y", both)
	unknown := scannedToken(t)
	unknown.Memberships = memberships("c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|XS", school)
	bare := render.Scanned{Line: 1, Kind: token.KindJWT, Header: json.RawMessage(`{"alg":"none"}`), Claims: json.RawMessage(`{}`), Plain: true}
	for name, v := range map[string]render.Scanned{
		"usual": scannedToken(t), "verified": verifiedScan(t), "forged": forgedScan(t), "strange": strange, "named": named,
		"faulty": faulty, "unknown type": unknown, "bare": bare, "encrypted": {Line: 3, Kind: token.KindEncrypted},
		"broken": {Line: 3, Kind: "broken_token", Problem: "the token is longer than 1 MiB"},
	} {
		got, err := v.AppendLine([]byte("before "))
		if err != nil {
			t.Fatal(err)
		}
		want := "before " + write(t, v, render.Options{JSON: true, Line: true})
		if string(got) != want {
			t.Errorf("%s\ngot  %swant %s", name, got, want)
		}
		if bytes.ContainsAny(got[:len(got)-1], "\x1b\n\u202e\u009b") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Every character is written by the quick way as by the slow one.
func TestScannedLineOfEveryCharacter(t *testing.T) {
	for c := range 256 {
		v := scannedToken(t)
		v.Subject = "abcdefg" + string([]byte{byte(c)}) + "hijk"
		got, err := v.AppendLine(nil)
		if want := write(t, v, render.Options{JSON: true, Line: true}); err != nil || string(got) != want {
			t.Errorf("character %#x\ngot  %swant %s%v", c, got, want, err)
		}
	}
}

func TestScannedClaim(t *testing.T) {
	if got, want := write(t, scannedToken(t), render.Options{Claim: "org.type"}), "MS\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var b bytes.Buffer
	err := render.Write(t.Context(), &b, forgedScan(t), render.Options{Claim: "iss"})
	if want := `the claim "iss" is kept back, since the token doesn't hold: signature`; err == nil || err.Error() != want || b.Len() > 0 {
		t.Errorf("a forged claim is given out: %q, %v, want %s", b.String(), err, want)
	}
}
