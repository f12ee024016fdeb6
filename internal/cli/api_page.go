package cli

import (
	"mime"
	"net/http"
)

// pageType is the media type of an answer that is a page for people; "" where it is something else.
func pageType(resp *http.Response) string {
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err == nil && (media == "text/html" || media == "application/xhtml+xml") {
		return media
	}
	return ""
}

// warnPage says of a page in the place of an API's answer what it is: many answer so, with 200, where the address is a site's and no API's, or
// where a sign-in page stands in front. Whoever names what to accept knows what comes.
func (s *session) warnPage(call http.Header, resp *http.Response) {
	media := pageType(resp)
	if media == "" || call.Get("Accept") != "" || s.json() {
		return
	}
	s.line("warning", "the answer is an HTML page, not JSON (HTTP %d, %s): is api_base the address of the API, or of a site or its sign-in page?", resp.StatusCode, media)
}
