package render

import (
	"io"
	"strings"
)

// Line writes one line such as "error: no login is kept": a label, styled after its name ("error", "warning", "hint", ...),
// and a text. An empty label leaves the text alone. On a terminal, whose width o has, a text that is longer is wrapped, and a command
// in it, which somebody is to copy, gets a line of its own that is never broken; elsewhere, where programs read, it stays one line.
// It is for stderr, where a failed write can't be told to anybody.
func Line(w io.Writer, o Options, label, text string) {
	p := newPrinter(o)
	st := asHeading
	switch label {
	case "error":
		st = asError
	case "warning":
		st = asWarning
	}
	text, head, indent := Safe(text), "", 0
	if label != "" {
		label = Safe(label) + ":"
		head, indent = p.paint(st, label)+" ", width(label)+1
	}
	if o.Width == 0 || indent+width(text) <= p.width {
		_, _ = io.WriteString(w, head+text+"\n")
		return
	}
	var b strings.Builder
	for i, line := range paragraphs(text, p.width-indent, label == "hint:") {
		if i == 0 {
			b.WriteString(head)
			line = strings.TrimLeft(line, " ")
		} else {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(line + "\n")
	}
	_, _ = io.WriteString(w, b.String())
}

// paragraphs wraps the words of a text, and puts each command in it on a line of its own. Only a hint begins with a command: an error that
// begins with "simsid diff" goes on as a sentence.
func paragraphs(text string, columns int, hint bool) []string {
	var lines []string
	for text != "" {
		words, command, rest := cutCommand(text, hint || len(lines) > 0)
		if words != "" {
			lines = append(lines, wrapPaths(words, columns)...)
		}
		if command != "" {
			lines = append(lines, "  "+command)
		}
		text = rest
	}
	return lines
}

// cutCommand finds the first command of a text: it begins the text or stands behind a colon, and ends with the text or where words in
// brackets or behind a semicolon go on.
func cutCommand(text string, first bool) (words, command, rest string) {
	begin := -1
	if first && beginsCommand(text) {
		begin = 0
	}
	for at := 0; begin < 0; {
		i := strings.Index(text[at:], ": ")
		if i < 0 {
			return text, "", ""
		}
		at += i + len(": ")
		if beginsCommand(text[at:]) {
			begin = at
		}
	}
	words, command = strings.TrimRight(text[:begin], " "), text[begin:]
	end := len(command)
	for _, mark := range []string{" (", "; "} {
		if i := strings.Index(command, mark); i >= 0 && i < end {
			end = i
		}
	}
	rest = strings.TrimLeft(strings.TrimPrefix(command[end:], ";"), " ")
	return words, command[:end], rest
}

// beginsCommand reports whether a text begins with a program that hints name.
func beginsCommand(text string) bool {
	program, _, _ := strings.Cut(text, " ")
	switch program {
	case "simsid", "ssh", "openssl", "security", "dbus-run-session", "lsof", "ss", "netstat", "chmod", "sudo", "curl", "sh",
		"ls", "mv", "ps", "kill", "fuser", "echo", "export", "unset", "getent":
		return true
	}
	return isSetting(program) && !strings.Contains(text, ", ") && !strings.Contains(text, ": ") // words go on there
}

// isSetting reports whether a word is a flag or a variable with its value, which somebody is to add to a command.
func isSetting(word string) bool {
	if flag, ok := strings.CutPrefix(word, "--"); ok {
		return flag != ""
	}
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == ""
}
