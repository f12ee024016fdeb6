package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/word"
)

// Bounds of a call: of what is sent, of an answer that has to be read whole, and of the time it may take.
const (
	maxAPIBody   = 64 << 20
	maxAPIWhole  = 64 << 20
	apiTimeout   = 5 * time.Minute
	apiRedirects = 10
)

type apiOptions struct {
	cmd     *cobra.Command
	method  string
	target  string
	headers []string
	data    []string
	include bool
	follow  bool
}

func newAPICmd(a *app) *cobra.Command {
	o := &apiOptions{}
	cmd := &cobra.Command{
		Use:   "api METHOD PATH|URL",
		Short: "Call an API with the token",
		Long: `Sends one request with the access token, which is refreshed first when needed
and never printed, and passes the answer on as it is. A PATH is below the first
address in the profile's api_base. The token goes to the hosts of api_base and
to no other, over https; a redirect is the answer, unless --location follows
it, and elsewhere the token doesn't go along.

A subscription key or the like is kept in the store, and goes to the hosts that
it was given for: simsid profile edit NAME --api-header-file HEADER=FILE.

The exit code is 0 for an answer of 2xx or 304, 4 for 401, 5 for 408, 429 and
5xx, and 1 for every other. Pages are left alone: ask for the next one as the
API has it. --timeout bounds the whole exchange (5m). --jq filters the answer;
with -o json the answer is one document with status, headers and body.`,
		Example: `  simsid api -p emulator GET connect/userinfo
  simsid api -p school GET /v1/students --jq '.[].surname'
  simsid api -p school POST /v1/notes --data @note.json
  jq -n '{a: 1}' | simsid api -p school PUT /v1/notes/1 --data @-
  simsid api -p school GET /v1/photos/1 -H 'Accept: image/png' > photo.png
  simsid profile edit school --api-base https://api.example.com/
  simsid profile edit school --api-header-file Ocp-Apim-Subscription-Key=-`,
		GroupID: groupTokens,
		Args:    methodAndTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.cmd, o.method, o.target = cmd, args[0], args[1]
			return runAPI(cmd.Context(), a, o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return []cobra.Completion{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}, cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.headers, "header", "H", nil, "a header to send, `'Name: value'`; may be repeated")
	f.StringArrayVarP(&o.data, "data", "d", nil, "the body: `text`, @FILE, or @- for standard input; given again, with & between, as curl joins them")
	f.BoolVarP(&o.include, "include", "i", false, "print the status and the headers of the answer too")
	f.BoolVarP(&o.follow, "location", "L", false, "follow redirects")
	addProfileFlags(cmd, append(slices.Clip(baseProfileFlags), "api_base")...)
	return cmd
}

// methodAndTarget refuses any other number of arguments than two; what is forgotten is the method, as a rule. What was given isn't repeated:
// an address may hold a secret.
func methodAndTarget(cmd *cobra.Command, args []string) error {
	u := &usageError{Problem: cmd.CommandPath() + " needs a method and a path or URL", Command: cmd.CommandPath()}
	switch {
	case len(args) == 2:
		return nil
	case len(args) == 1:
		u.Problem += ", and got one argument"
		u.Hint = "the method comes first, as in simsid api GET /v1/students"
	case len(args) > 2:
		u.Problem += fmt.Sprintf(", and got %d arguments", len(args))
	}
	return u
}

func runAPI(ctx context.Context, a *app, o *apiOptions) error {
	if o.include && a.json() {
		return &usageError{Problem: "--include is text, and excludes --output json and --jq: with -o json the headers are members of the document", Command: "simsid api"}
	}
	call, err := a.apiCall(ctx, o)
	if err != nil {
		return err
	}
	s, err := a.newSession(selection{cmd: o.cmd})
	if err != nil {
		return err
	}
	if err := s.aim(&call, o.target); err != nil {
		return err
	}
	if err := s.callAPI(ctx, call, o); err != nil {
		return &profileError{Profile: s.profile.Name, Err: err}
	}
	return nil
}

// apiCall is the request as far as the command line says it.
func (a *app) apiCall(ctx context.Context, o *apiOptions) (provider.APICall, error) {
	call := provider.APICall{Method: strings.ToUpper(o.method), Header: http.Header{}}
	refuse := func(format string, args ...any) (provider.APICall, error) {
		return call, &usageError{Problem: fmt.Sprintf(format, args...), Command: "simsid api"}
	}
	if !isHeaderName(o.method) || call.Method == http.MethodConnect {
		u := &usageError{Problem: word.Quote(o.method) + " is no method", Command: "simsid api"}
		if isHeaderName(o.target) && o.target == strings.ToUpper(o.target) {
			u.Hint = "the method comes first, as in simsid api GET /v1/students"
		}
		return call, u
	}
	if o.follow {
		call.Redirects = apiRedirects
	}
	for _, text := range o.headers {
		name, value, ok := strings.Cut(text, ":")
		value = strings.Trim(value, " \t")
		switch name = http.CanonicalHeaderKey(name); {
		case !ok || !isHeaderName(name) || !isHeaderValue(value):
			return refuse("--header must be 'Name: value'")
		case slices.Contains(ownHeaders(), name):
			return refuse("--header %s: simsid sends that one itself", name)
		}
		call.Header.Add(name, value)
	}
	if !o.cmd.Flags().Changed("data") {
		return call, nil
	}
	var err error
	if call.Body, err = a.apiBody(ctx, o.data); err != nil {
		return call, err
	}
	switch media := call.Header.Get("Content-Type"); {
	case len(o.data) > 1 && (media == "" || strings.Contains(media, "json")):
		return refuse("--data is given %d times, whose parts are joined with &, and that is no JSON: say what it is, as by -H 'Content-Type: application/x-www-form-urlencoded'", len(o.data))
	case len(call.Body) == 0, media != "": // of nothing there is no type to name
	case json.Valid(call.Body):
		call.Header.Set("Content-Type", "application/json")
	default:
		return refuse("the body is no JSON: say what it is, as by -H 'Content-Type: text/plain'")
	}
	return call, nil
}

// ownHeaders are those that are none of the caller's business: the token's, and those that frame the request.
func ownHeaders() []string {
	return []string{"Authorization", "Connection", "Content-Length", "Host", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
}

// isHeaderName takes a token of RFC 9110 section 5.6.2, which methods and names of headers are.
func isHeaderName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~") == ""
}

// isHeaderValue takes a field value of RFC 9110 section 5.5.
func isHeaderValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// callAPI makes the call and passes its answer on.
func (s *session) callAPI(ctx context.Context, call provider.APICall, o *apiOptions) error {
	if _, err := s.openStore(ctx); err != nil && !(isNoLogin(err) && s.forOneCommand()) {
		return err
	}
	var err error
	if call.Keys, err = s.apiHeaders(ctx); err != nil { // before a refresh, which may be sent too
		return err
	}
	set, err := s.freshSet(ctx, callMargin)
	if err != nil {
		return err
	}
	call.Bearer = set.Access
	if call.Client, err = s.apiClients(ctx); err != nil {
		return err
	}
	resp, err := call.Do(ctx)
	if err != nil {
		return s.redirectRefused(err)
	}
	defer resp.Body.Close()
	failed := call.Failure(resp)
	if err := s.passOn(ctx, resp, failed, o); err != nil {
		return err
	}
	s.warnPage(call.Header, resp) // below the page, which may be longer than a screen
	return failed
}

// apiClients gives the way to each address: the network, or for what the STS inside the binary answers, that.
func (s *session) apiClients(ctx context.Context) (func(*url.URL) *http.Client, error) {
	timeout := s.global.timeout
	if timeout == 0 {
		timeout = apiTimeout
	}
	trust, err := s.trusted(ctx)
	if err != nil {
		return nil, err
	}
	o := provider.HTTPOptions{Trust: trust, Timeout: timeout, Max: provider.MaxAPIAnswer, Now: s.env.Now, After: s.env.After, Trace: s.trace}
	network := provider.NewHTTPClient(o)
	if !s.embedded() {
		return func(*url.URL) *http.Client { return network }, nil
	}
	if err := s.prepareHTTP(ctx); err != nil {
		return nil, err
	}
	o.Base = s.sts.Transport()
	inside, err := url.Parse(s.profile.Issuer)
	if err != nil {
		return nil, err
	}
	embedded := provider.NewHTTPClient(o)
	return func(to *url.URL) *http.Client {
		if provider.Origin(to) == provider.Origin(inside) {
			return embedded
		}
		return network
	}, nil
}

// passOn writes an answer: as it is to whatever reads it, and with its control characters escaped to a terminal.
func (s *session) passOn(ctx context.Context, resp *http.Response, failed error, o *apiOptions) error {
	if s.global.output != "json" && s.global.jq == "" && !s.env.StdoutTTY {
		if o.include {
			if err := writeHead(s.env.Stdout, resp); err != nil {
				return err
			}
		}
		_, err := io.Copy(s.env.Stdout, resp.Body)
		return err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAPIWhole+1))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", render.Safe(resp.Request.URL.Host), err)
	}
	if len(body) > maxAPIWhole {
		return &hintedError{Code: exitFailed, Text: fmt.Sprintf("the answer is longer than %d MiB", maxAPIWhole>>20), Hints: []string{"take it as it is: leave --jq and -o json away, and send it to a file"}}
	}
	view := render.APIAnswer{
		Profile: s.profile.Name, Method: resp.Request.Method, URL: resp.Request.URL.Scheme + "://" + resp.Request.URL.Host + resp.Request.URL.EscapedPath(),
		Status: resp.StatusCode, Header: resp.Header, Body: body, Head: o.include, Alone: s.global.output != "json",
	}
	switch {
	case s.global.jq == "" || !view.Alone:
	case failed != nil:
		return nil //nolint:nilerr // the caller returns it; the filter is for what was asked for
	case len(body) > 0 && !json.Valid(body):
		e := &hintedError{Code: exitFailed, Text: "the answer is no JSON, and can't be filtered", Hints: []string{"see it: leave --jq away"}}
		if media := pageType(resp); media != "" {
			e.Text = fmt.Sprintf("the answer is an HTML page, not JSON (HTTP %d, %s), and can't be filtered", resp.StatusCode, media)
			e.Hints = append(e.Hints, "look whether api_base is the address of the API, or of a site or its sign-in page: simsid profile show "+s.profile.Name)
		}
		return e
	case len(body) == 0:
		return nil
	}
	if s.env.StdoutTTY && !s.json() && !utf8.Valid(body) {
		return &hintedError{Code: exitFailed, Text: fmt.Sprintf("the answer is binary (%d bytes), and not for a terminal", len(body)), Hints: []string{"send it to a file: > FILE"}}
	}
	return s.answer(ctx, view)
}

// writeHead writes status and headers as they came.
func writeHead(w io.Writer, resp *http.Response) error {
	if _, err := fmt.Fprintf(w, "%s %s\r\n", resp.Proto, resp.Status); err != nil {
		return err
	}
	if err := resp.Header.Write(w); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\r\n")
	return err
}
