package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// loginOnDevice has the user type a code on another device.
func (s *session) loginOnDevice(ctx context.Context, o *loginOptions, client provider.Client, keep keeper) (*flow.LoginResult, error) {
	if why := s.nobodyThere(o); s.alone() && why != "" {
		return nil, s.needsSomebody("a code is to be typed on another device, and " + why)
	}
	p, err := s.providerFor(ctx, client)
	if err != nil {
		return nil, err
	}
	if err := s.checkIDTokens(p.Metadata); err != nil {
		return nil, err
	}
	params, err := s.asked(ctx, o)
	if err != nil {
		return nil, err
	}
	maxAge, err := s.maxAge()
	if err != nil {
		return nil, err
	}
	s.rememberAsked(params, maxAge)
	return flow.Device(ctx, flow.DeviceRequest{
		Provider: p, Client: client, Scopes: s.profile.Scopes, Params: params, Clock: clock{s.env}, Event: s.loginEvents(nobodyVisits), MaxAge: maxAge,
		Force: s.forced, Timeout: s.global.timeout, Keep: keep,
	})
}

// sayDevice shows a picture that leads to where the code is to be typed, and behind it address and code, so that they stay on the screen.
func (s *session) sayDevice(e flow.DeviceCode) {
	left := render.Duration(e.Expires.Sub(s.env.Now()).Round(time.Second))
	words := func(lead, gap string) string {
		return lead + "\n" + gap + "  " + render.Safe(e.URI) + "\n" + gap + "and type the code\n" + gap + "  " + render.Safe(e.UserCode) + "\n" + gap +
			"Waiting; the code is good for " + left + "."
	}
	text := words("On any device, visit", "\n")
	if o := s.renderOptions(s.env.StderrTTY); o.Color { // the picture's dark and light are colours
		for _, address := range []string{e.CompleteURI, e.URI} {
			for _, gap := range []string{"\n", ""} {
				below := words("Scan this, or visit on any device", gap)
				if picture := deviceCodePicture(address, below, o.Width, s.env.Height()); picture != "" {
					_, _ = io.WriteString(s.env.Stderr, picture)
					s.say("%s", below)
					return
				}
			}
		}
	}
	s.say("%s", text)
}

// deviceCodePicture is the picture of an address, "" where it doesn't fit on the screen together with the text below it and the cursor's line.
func deviceCodePicture(address, below string, columns, rows int) string {
	if address == "" {
		return ""
	}
	if rows > 0 {
		rows--
		for line := range strings.SplitSeq(below, "\n") {
			rows -= 1 + max(0, len(line)-1)/max(columns, 1)
		}
		rows = max(rows, 1)
	}
	return render.QRCode(address, columns, rows)
}
