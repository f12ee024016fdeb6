package render

// Failed is what went wrong with a command, for programs that asked for JSON: a line of the error stream.
type Failed struct {
	Code  int    // the exit code
	Text  string // the error
	Hints []string
}

func (v Failed) text(p *printer) {
	p.para(0, asError, "error: "+v.Text)
	for _, h := range v.Hints {
		p.para(0, nil, "hint: "+h)
	}
}

func (v Failed) document() any {
	return struct {
		Schema string   `json:"schema"`
		Code   int      `json:"code"`
		Error  string   `json:"error"`
		Hints  []string `json:"hints,omitempty"`
	}{schema("error"), v.Code, v.Text, v.Hints}
}
