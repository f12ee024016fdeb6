package provider

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// requestWords are the lines of a request of simsid's own.
func (x *seenExchange) requestWords() string {
	var b strings.Builder
	fmt.Fprintf(&b, "> %s %s\n", x.method, joined(x.address, x.query))
	if x.proxy != "" {
		fmt.Fprintf(&b, ">   through the proxy %s\n", x.proxy)
	}
	headerWords(&b, ">", x.headers, x.hidden)
	fieldWords(&b, ">", x.form)
	if x.unshown() {
		fmt.Fprintf(&b, ">   %s\n", x.instead())
	}
	return b.String()
}

// unshown reports whether a body was sent of which nothing is shown.
func (x *seenExchange) unshown() bool { return x.sent > 0 && len(x.form) == 0 }

func (x *seenExchange) instead() string {
	return fmt.Sprintf("a body of %d bytes, which isn't shown", x.sent)
}

// answerWords are the lines of what came of it.
func (x *seenExchange) answerWords() string {
	var b strings.Builder
	a := x.answer
	if a == nil {
		fmt.Fprintf(&b, "< no answer%s: %s\n", x.time(), x.failure)
		return b.String()
	}
	fmt.Fprintf(&b, "< %d %s%s, %d bytes\n", a.status, http.StatusText(a.status), x.time(), a.size)
	headerWords(&b, "<", a.headers, a.hidden)
	if a.instead != "" {
		fmt.Fprintf(&b, "<   %s\n", a.instead)
	}
	for _, m := range a.members {
		fmt.Fprintf(&b, "<   %s: %s\n", m.name, m.words)
	}
	if a.more > 0 {
		fmt.Fprintf(&b, "<   and %d more\n", a.more)
	}
	if a.cut != "" {
		fmt.Fprintf(&b, "<   the body ended early: %s\n", a.cut)
	}
	return b.String()
}

func (x *seenExchange) time() string {
	if !x.timed {
		return ""
	}
	return " in " + x.took.Round(time.Millisecond).String()
}

// sentWords are the line of the browser's way out.
func (x *seenExchange) sentWords() string {
	return fmt.Sprintf("> the browser is sent to %s\n", joined(x.address, x.query))
}

// cameWords are the lines of its way back.
func (x *seenExchange) cameWords() string {
	var b strings.Builder
	switch {
	case x.browser == pasted:
		fmt.Fprintf(&b, "< the answer for %s was pasted\n", x.address)
	case x.mode == "":
		fmt.Fprintf(&b, "< the browser came back to %s\n", x.address)
	default:
		fmt.Fprintf(&b, "< the browser came back to %s by %s\n", x.address, x.mode)
	}
	fieldWords(&b, "<", x.form)
	return b.String()
}

func headerWords(b *strings.Builder, mark string, shown []pair, hidden []string) {
	for _, h := range shown {
		fmt.Fprintf(b, "%s   %s: %s\n", mark, h.name, h.value)
	}
	if len(hidden) > 0 {
		fmt.Fprintf(b, "%s   masked: %s\n", mark, strings.Join(hidden, ", "))
	}
}

func fieldWords(b *strings.Builder, mark string, fields []pair) {
	for _, f := range fields {
		if f.value == "" {
			fmt.Fprintf(b, "%s   %s\n", mark, f.name)
			continue
		}
		fmt.Fprintf(b, "%s   %s=%s\n", mark, f.name, f.value)
	}
}
