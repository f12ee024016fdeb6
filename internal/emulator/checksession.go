package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
)

// sessionIDCookie holds the sid of the browser's session where the script of the session page can read it. It opens nothing.
const sessionIDCookie = "simsid-emulator-sid"

func setSessionIDCookie(w http.ResponseWriter, sid string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // a script is to read it; and see setCookie
		Name: sessionIDCookie, Value: sid, Path: sessionPath, SameSite: http.SameSiteLaxMode,
	})
}

func dropSessionIDCookie(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // as above
		Name: sessionIDCookie, Path: sessionPath, MaxAge: -1, SameSite: http.SameSiteLaxMode,
	})
}

const (
	sessionPath = "/connect/checksession"

	// The iframe of OpenID Connect Session Management 1.0 section 3.2: it says whether a session_state still is the browser's.
	sessionScript = `addEventListener("message", async function (e) {
  let answer = "error";
  try {
    const [client, state] = e.data.split(" ");
    const salt = state.split(".")[1];
    const cookie = document.cookie.split("; ").find(c => c.startsWith("` + sessionIDCookie + `="));
    const sid = cookie ? cookie.slice(cookie.indexOf("=") + 1) : "";
    const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(client + e.origin + sid + salt));
    const text = btoa(String.fromCharCode(...new Uint8Array(sum)));
    const hash = text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    answer = hash + "." + salt === state ? "unchanged" : "changed";
  } catch {}
  e.source.postMessage(answer, e.origin);
});`
	sessionPage = "<!DOCTYPE html>\n<html lang=\"en\">\n<title>Session check – simsid emulator</title>\n<script>" + sessionScript + "</script>\n</html>\n"
)

// serveSessionPage is loaded by applications in a frame of theirs: it alone of all pages may be framed.
func (s *Server) serveSessionPage(w http.ResponseWriter, _ *http.Request) {
	sum := sha256.Sum256([]byte(sessionScript))
	noStore(w)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(sessionPage)))
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'sha256-"+
		base64.StdEncoding.EncodeToString(sum[:])+"'")
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write([]byte(sessionPage)) // the browser has gone: there is nobody to tell
}
