package cli

import (
	"strings"
	"sync"

	"github.com/simsid/simsid/internal/emulator"
	"github.com/simsid/simsid/internal/render"
)

// emulatorLog tells on standard error what requests met. Requests come at once, and lines mustn't mix.
type emulatorLog struct {
	app  *app
	json bool
	mu   sync.Mutex
}

// exchange logs a request.
func (l *emulatorLog) exchange(x emulator.Exchange) {
	if !l.app.global.verbose && (strings.HasPrefix(x.Path, "/assets/") || x.Path == "/emulator/health") {
		return // what a page loads and a supervisor asks is no news
	}
	view := render.Exchange{
		At: x.At, Took: x.Took, Method: x.Method, Path: x.Path, Status: x.Status, Client: x.Client, Name: x.Name, Faults: x.Faults,
	}
	for _, n := range x.Notes {
		view.Notes = append(view.Notes, render.ExchangeNote{Rule: n.Rule, Text: n.Words})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.json {
		render.WriteExchangeJSON(l.app.env.Stderr, view)
		return
	}
	render.WriteExchange(l.app.env.Stderr, l.app.textOptions(), view)
}

// warning logs what is no request.
func (l *emulatorLog) warning(err error) { l.notice("warning", err.Error()) }

func (l *emulatorLog) notice(level, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.json {
		render.WriteNoticeJSON(l.app.env.Stderr, l.app.env.Now(), level, text)
		return
	}
	l.app.line(level, "%s", text)
}
