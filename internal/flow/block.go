package flow

import (
	"slices"
	"strings"
)

const (
	// maxBegins and maxBehind bound how many lines of a block are tried as the first of an answer, and how many lines behind an answer are left out
	// one by one: a pasted text may have thousands.
	maxBegins = 8
	maxBehind = 16
)

// look looks at the lines that were pasted together; false means that the wait goes on. Where more lines may come it waits for them once more, but
// for the last look.
func (w *waiting) look(last bool) (answer, bool) {
	if len(w.block) == 0 {
		return answer{}, false
	}
	a, why, open := w.parseBlock(w.block)
	if open && !last && !w.late {
		w.late, w.settled = true, w.request.Clock.After(pasteLate)
		return answer{}, false
	}
	w.block, w.settled, w.late = nil, nil, false
	if why != "" {
		w.request.emit(PasteRefused{Reason: string(why)})
		return answer{}, false
	}
	return a, w.listener.take()
}

// parseBlock finds the answer in lines: one that was wrapped over some of them or all, with others before and behind it. open says that more may
// come: the answer, or what could become one, ends where it may have been cut.
func (w *waiting) parseBlock(lines []string) (a answer, why refusal, open bool) {
	block := make([]string, len(lines))
	for i, line := range lines {
		block[i] = strings.TrimLeft(strings.Map(visible, line), "> \t") // a mail's quotation
	}
	r := w.listener.redirect
	parse := func(text string) bool {
		var refused refusal
		a, refused = parsePasted(text, r, w.listener.expected, w.request.InsecureNoState)
		if refused == "" {
			why, open = "", mayGoOn(text)
			return true
		}
		if why == "" || why == refusedText { // of all that was tried, the first that looked like an answer says what is wrong with it
			why, open = refused, couldBecome(text, refused, r)
		}
		return false
	}
	begins := beginnings(block, r)
	if len(begins) == 0 {
		begins = []int{0}
	}
	for _, begin := range begins {
		for _, end := range endings(block, begin) {
			if parse(strings.Join(block[begin:end], "")) {
				return a, why, open
			}
		}
	}
	for _, line := range block[:min(len(block), maxBehind)] { // a bare code among other lines
		if len(line) >= bareLength && parse(line) {
			return a, why, open
		}
	}
	return answer{}, why, open
}

// beginnings are the lines with which an answer may begin, the first few of them.
func beginnings(block []string, r redirect) []int {
	var begins []int
	for i, line := range block {
		if _, why := pastedQuery(withoutSpace(strings.TrimLeft(line, "\"'`<“‘«")), r); why != refusedText {
			begins = append(begins, i)
		}
		if len(begins) == maxBegins {
			break
		}
	}
	return begins
}

// endings are the lines before which an answer that begins with one line may end, the likeliest first: at a line of several words, which is no part
// of an address; with the last line; and up to so many lines before either.
func endings(block []string, begin int) []int {
	words := begin
	for words < len(block) && len(strings.Fields(block[words])) == 1 {
		words++
	}
	var ends []int
	for _, from := range []int{words, len(block)} {
		for end := from; end > begin && end >= from-maxBehind; end-- {
			if !slices.Contains(ends, end) {
				ends = append(ends, end)
			}
		}
	}
	return ends
}

// mayGoOn reports whether a text that is an answer ends within a value that it may have been cut in, without anybody being able to tell.
func mayGoOn(text string) bool {
	return slices.Contains([]string{"", "code", "id_token", "access_token", "iss", "error"}, lastParam(text))
}

// lastParam is the name of the last parameter in a text, "" where that ends in none.
func lastParam(text string) string {
	text = withoutSpace(text)
	name, _, assigned := strings.Cut(text[strings.LastIndexAny(text, "&?#;")+1:], "=")
	if !assigned {
		return ""
	}
	return name
}

// couldBecome reports whether a text that isn't an answer yet may become one with more behind it.
func couldBecome(text string, why refusal, r redirect) bool {
	const least = len("https://")
	switch {
	case why == refusedNoState, why == refusedNothing:
		return true
	case why == refusedState:
		return lastParam(text) == "state"
	}
	return len(text) >= least && strings.HasPrefix(r.uri, text) // it breaks off within the redirect URI
}
