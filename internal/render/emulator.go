package render

import (
	"cmp"
	"io"
	"strconv"
	"strings"
	"time"
)

// Emulator says what an emulator serves: to people, who want to sign in to it, and in one document to the program that has started it.
type Emulator struct {
	Issuer      string
	Port        int
	PID         int
	CA          string // file of the certificate authority; "" without HTTPS
	FaultsToken string // guards the address that faults are set by; for the document alone

	IMIS    bool     // a site run by iMIS, and no STS
	As      string   // who is signed in without a page; "" shows the pages
	Users   []string // login names
	Clients []string // ids
	Rules   string
	State   string // "in memory", or a folder
	Faults  int    // how many are switched on
	Next    []string
}

func (v Emulator) text(p *printer) {
	what, address, own := "SIMS ID's STS", "Issuer", one("Rules", v.Rules)
	if v.IMIS {
		what, address, own = "a site as iMIS runs one", "Site", one("Token endpoint", strings.TrimSuffix(v.Issuer, "/")+"/token")
	}
	p.para(0, asTitle, "The emulator serves "+what+": a development server, whose users are made up")
	p.gap()
	people := field{label: "Users", lines: []string{strings.Join(v.Users, ", ")}}
	if v.As != "" {
		people = one("Signs in", v.As+", without a page")
	}
	list := []field{
		one(address, v.Issuer),
		people,
		{label: "Clients", lines: v.Clients},
		own,
		one("State", v.State),
	}

	if v.CA != "" {
		list = append(list, one("CA", v.CA))
	}
	if v.Faults > 0 {
		list = append(list, one("Faults", count(v.Faults, "fault")+" switched on"))
	}
	p.fields(2, list)
	p.next(v.Next)
}

func (v Emulator) document() any {
	base := strings.TrimSuffix(v.Issuer, "/")
	return struct {
		Schema      string `json:"schema"`
		Issuer      string `json:"issuer"`
		Port        int    `json:"port"`
		PID         int    `json:"pid"`
		CA          string `json:"ca,omitempty"`
		Health      string `json:"health"`
		Faults      string `json:"faults"`
		FaultsToken string `json:"faults_token"`
	}{schema("emulator"), v.Issuer, v.Port, v.PID, v.CA, base + "/emulator/health", base + "/emulator/faults", v.FaultsToken}
}

// Exchange is a request to an emulator and what became of it.
type Exchange struct {
	At     time.Time
	Took   time.Duration
	Method string
	Path   string
	Status int    // 0: the connection was dropped
	Client string // id of the client that the request names; "" if none
	Name   string // and its name, where there is such a client
	Faults []string
	Notes  []ExchangeNote
}

// ExchangeNote is one thing that there is to say of it.
type ExchangeNote struct {
	Rule string // the rule that the request broke; "" for none
	Text string
}

// longestWord bounds foreign text of a log line, in bytes.
const longestWord = 200

// WriteExchange writes one line of a log for people. On a terminal, which has a width, what there is to say stands below it,
// wrapped.
func WriteExchange(w io.Writer, o Options, x Exchange) {
	p := newPrinter(o)
	at := x.At
	if o.Location != nil {
		at = at.In(o.Location)
	} else {
		at = at.UTC()
	}
	status := "no answer"
	if x.Status > 0 {
		status = strconv.Itoa(x.Status)
	}
	words := x.words()
	st := style(nil)
	if x.Status == 0 || x.Status >= 400 {
		st = asWarning
	}
	for _, word := range words {
		if word.st != nil {
			st = asWarning
		}
	}
	p.buf.WriteString(p.paint(asNote, at.Format(time.TimeOnly)) + "  " + Safe(x.Method) + " " + Safe(short(x.Path)) +
		"  " + p.paint(st, status))
	if who := cmp.Or(x.Name, x.Client); who != "" {
		p.buf.WriteString("  " + p.paint(asNote, Safe(short(who))))
	}
	switch {
	case o.Width > 0:
		p.buf.WriteByte('\n')
		for _, word := range words {
			p.para(10, word.st, word.text)
		}
	default:
		for i, word := range words {
			p.buf.WriteString([]string{"  ", "; "}[min(i, 1)] + Safe(word.text))
		}
		p.buf.WriteByte('\n')
	}
	_, _ = w.Write(p.buf.Bytes()) // a log that can't be written can't be complained of
}

func short(s string) string {
	if len(s) <= longestWord {
		return s
	}
	return strings.ToValidUTF8(s[:longestWord], "") + "…"
}

type exchangeWord struct {
	text string
	st   style
}

// words are what there is to say, faults on demand first: they explain the rest.
func (x Exchange) words() []exchangeWord {
	var out []exchangeWord
	for _, f := range x.Faults {
		out = append(out, exchangeWord{"fault on demand: " + f, asWarning})
	}
	for _, n := range x.Notes {
		if n.Rule == "" {
			out = append(out, exchangeWord{n.Text, nil})
		} else {
			out = append(out, exchangeWord{n.Text + " [" + n.Rule + "]", asWarning})
		}
	}
	return out
}

// WriteExchangeJSON writes one line of a log for programs.
func WriteExchangeJSON(w io.Writer, x Exchange) {
	notes := []exchangeNoteDoc{}
	for _, n := range x.Notes {
		notes = append(notes, exchangeNoteDoc(n))
	}
	writeLogLine(w, exchangeDoc{
		schema("exchange"), x.At.UTC().Format(time.RFC3339Nano), x.Method, short(x.Path), x.Status,
		float64(x.Took.Microseconds()) / 1000, short(x.Client), short(x.Name), x.Faults, notes,
	})
}

type exchangeDoc struct {
	Schema string            `json:"schema"`
	Time   string            `json:"time"`
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Status int               `json:"status"` // 0: no answer
	Millis float64           `json:"ms"`
	Client string            `json:"client,omitempty"`
	Name   string            `json:"name,omitempty"`
	Faults []string          `json:"faults,omitempty"`
	Notes  []exchangeNoteDoc `json:"notes"`
}

type exchangeNoteDoc struct {
	Rule string `json:"rule,omitempty"`
	Text string `json:"text"`
}

// WriteNoticeJSON writes a line of words to a log for programs: a warning, or an error.
func WriteNoticeJSON(w io.Writer, at time.Time, level, text string) {
	writeLogLine(w, noticeDoc{schema("notice"), at.UTC().Format(time.RFC3339Nano), level, text})
}

type noticeDoc struct {
	Schema string `json:"schema"`
	Time   string `json:"time"`
	Level  string `json:"level"`
	Text   string `json:"text"`
}

func writeLogLine(w io.Writer, doc any) {
	if line, err := encode(doc, ""); err == nil {
		_, _ = w.Write(line) // a log that can't be written can't be complained of
	}
}
