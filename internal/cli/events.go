package cli

import (
	"github.com/simsid/simsid/internal/flow"
	"github.com/simsid/simsid/internal/provider"
	"github.com/simsid/simsid/internal/render"
)

// visitor is who opens the address of a login.
type visitor int

const (
	nobodyVisits  visitor = iota // the user does
	browserVisits                // the user's browser
	simsidVisits                 // simsid itself, for a sample user of the emulator
)

// loginEvents tells on standard error how a login goes.
func (s *session) loginEvents(who visitor) func(flow.Event) {
	var listening flow.Listening
	return func(e flow.Event) {
		switch e := e.(type) {
		case flow.Listening:
			listening = e
		case flow.Address:
			s.trace.Sent(e.URL)
			if who != simsidVisits {
				s.waits = listening.RedirectURI
			}
			s.sayAddress(e, listening, who)
		case flow.AddressExpired:
			s.line("note", "the address above is good no more: if nobody has opened it by now, end this (Ctrl-C) and sign in again")
		case flow.DeviceCode:
			s.sayDevice(e)
		case flow.BrowserFailed:
			s.line("warning", "the browser could not be opened (%v): open the address above yourself", e.Err)
		case flow.Stray:
			s.note("turned away: %s", e.Reason)
		case flow.PasteRefused:
			s.line("warning", "that is not the awaited answer: %s", e.Reason)
			if listening.RedirectURI != "" {
				s.line("hint", "the address that the browser ends at begins with %s", listening.RedirectURI)
			}
		case flow.Quiet:
			s.line("note", "no answer for %s; still waiting", render.Duration(e.After))
			s.waits = ""
			for _, cause := range quietCauses(e.RedirectURI, " -p "+s.profile.Name, s.canAsk()) {
				s.line("hint", "%s", cause)
			}
		case flow.Answered:
			s.waits = ""
			s.trace.CameBack(provider.Callback{RedirectURI: e.RedirectURI, Mode: e.Mode, Pasted: e.Mode == "", Values: e.Values})
			s.note("the answer came (%s); checking it", e.Via)
		}
	}
}

// sayAddress prints where to sign in, and what else can be done.
func (s *session) sayAddress(e flow.Address, listening flow.Listening, who visitor) {
	switch who {
	case simsidVisits:
		s.say("simsid visits the sign-in address by itself:\n\n  %s\n", render.Safe(e.URL))
		return
	case browserVisits:
		s.say("Opening the sign-in page in the browser. If it doesn't appear, visit")
	case nobodyVisits:
		s.say("To sign in, visit")
	}
	if s.hinted && who == browserVisits {
		s.say("\n  (the address holds the ID token of the last login, and is given to the browser alone)\n")
	} else {
		s.say("\n  %s\n", render.Safe(e.URL))
	}
	if until := s.goodFor(e); until != "" {
		s.say("%s", until)
	}
	s.sayPlaces(listening)
}

// interrupted says that Ctrl-C ended the command, on a line of its own where the terminal has just shown ^C, and what may have been in the
// way of a login that waited: at the provider's error page nobody waits for the time to run out.
func (a *app) interrupted(err error) {
	if a.env.StdinTTY && a.env.StderrTTY {
		a.say("")
	}
	a.say("interrupted")
	if a.waits == "" {
		return
	}
	for _, cause := range quietCauses(a.waits, profileFlag(err), false) {
		a.line("hint", "%s", cause)
	}
}
