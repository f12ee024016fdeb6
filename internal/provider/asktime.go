package provider

import (
	"context"
	"net/http"
	"net/url"
)

// AskTime has o.Clock told by a host's answer to a request on plain http, whatever the answer is: for a machine whose own clock is so wrong
// that no certificate holds. Nothing of the user's is sent, nothing but the Date is read, and what it says is for words alone.
func AskTime(ctx context.Context, o HTTPOptions, host string) error {
	u := url.URL{Scheme: "http", Host: host, Path: "/"}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		return err
	}
	t := newTransport(nil, o.Now)
	defer t.CloseIdleConnections()
	resp, err := (&listener{t, o.Clock, o.Now}).RoundTrip(req)
	if err != nil {
		return &UnavailableError{Operation: "ask for the time", Host: host, Err: err}
	}
	return resp.Body.Close()
}
