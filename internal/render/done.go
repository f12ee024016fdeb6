package render

// Done is the answer of commands that only do something: one sentence and what comes next.
type Done struct {
	Action  string // "profile added", for JSON
	Profile string
	Text    string
	Next    []string
}

func (v Done) text(p *printer) {
	for _, line := range wrapPaths(Safe(v.Text), p.width) {
		p.row(cell{0, line, asTitle})
	}
	p.next(v.Next)
}

func (v Done) document() any {
	return struct {
		Schema  string `json:"schema"`
		Action  string `json:"action"`
		Profile string `json:"profile,omitempty"`
		Text    string `json:"text,omitempty"`
	}{schema("done"), v.Action, v.Profile, v.Text}
}
