package cli

import (
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/render"
)

// loginEvents tells on standard error how a login goes; opened says that something opens the address by itself.
func (s *session) loginEvents(opened bool) func(flow.Event) {
	var redirect string
	return func(e flow.Event) {
		switch e := e.(type) {
		case flow.Listening:
			redirect = e.RedirectURI
		case flow.Address:
			s.sayAddress(e.URL, redirect, opened)
		case flow.BrowserFailed:
			s.line("warning", "the browser could not be opened (%v): open the address above yourself", e.Err)
		case flow.Stray:
			if s.global.verbose {
				s.line("note", "turned away: %s", e.Reason)
			}
		case flow.PasteRefused:
			s.line("warning", "that is not the awaited answer: %s", e.Reason)
		case flow.Quiet:
			s.line("note", "no answer for %s; still waiting", render.Duration(e.After))
			for _, cause := range quietCauses(e.RedirectURI) {
				s.line("hint", "%s", cause)
			}
		case flow.Answered:
			if s.global.verbose {
				s.line("note", "the answer came (%s); exchanging the code", e.Via)
			}
		}
	}
}

// sayAddress prints where to sign in, and what else can be done.
func (s *session) sayAddress(address, redirect string, opened bool) {
	if opened {
		s.say("Opening the sign-in page in the browser. If it doesn't appear, visit")
	} else {
		s.say("To sign in, visit")
	}
	s.say("\n  %s\n", render.Safe(address))
	s.say("Waiting for the answer at %s", render.Safe(redirect))
	if s.canAsk() {
		s.say("If the browser can't come back here, paste the address that it ends at, and press Enter.")
	}
}
