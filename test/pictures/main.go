//go:build unix

// Command pictures draws what simsid prints on a terminal of 80 columns, for README: each picture is a command's real output, run in an empty home
// against the embedded STS. Usage: go run ./test/pictures SIMSID FOLDER.
package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/creack/pty"
)

const (
	columns = 80
	column  = 8.4 // pixels; a monospaced glyph of 14 pixels is this wide
	line    = 19
	margin  = 18
)

// pictures are drawn in this order, since each command finds what the one before has left.
var pictures = []struct{ name, command string }{
	{"login", "simsid login --emulator --as head"},
	{"decode", "simsid decode -p emulator --access"},
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pictures SIMSID FOLDER")
		os.Exit(2)
	}
	if err := draw(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func draw(ctx context.Context, program, folder string) error {
	home, err := os.MkdirTemp("", "simsid-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	for _, p := range pictures {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		out, err := screen(ctx, home, program, strings.Fields(p.command)[1:])
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", p.command, err)
		}
		if err := os.WriteFile(filepath.Join(folder, "terminal-"+p.name+".svg"), svg(p.command, out), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// screen runs a command in a terminal and returns what it wrote there.
func screen(ctx context.Context, home, program string, args []string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"HOME=" + home, "TERM=xterm-256color", "PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: columns})
	if err != nil {
		return "", err
	}
	defer terminal.Close()
	var out bytes.Buffer
	if _, err := io.Copy(&out, terminal); err != nil && !errors.Is(err, syscall.EIO) { // EIO is how a terminal ends
		return "", err
	}
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("%w: %s", err, &out)
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n"), nil
}

// svg draws a command and its output. It follows the reader's choice between dark and light.
func svg(command, out string) []byte {
	lines := []string{"\x1b[1m$ " + command + "\x1b[m"}
	for l := range strings.Lines(strings.TrimRight(out, "\n")) {
		lines = append(lines, wrapped(strings.TrimRight(l, "\n"))...)
	}
	var b bytes.Buffer
	width, height := margin*2+int(column*columns), margin*2+line*len(lines)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`, width, height, width, height)
	b.WriteString("<title>")
	_ = xml.EscapeText(&b, []byte(command)) // a buffer takes everything
	b.WriteString("</title><style>" + style + "</style>")
	fmt.Fprintf(&b, `<rect class="back" width="%d" height="%d" rx="8"/>`, width, height)
	for i, l := range lines {
		fmt.Fprintf(&b, `<text xml:space="preserve" y="%d">`, margin+line*i+14)
		at := 0
		for _, s := range spans(l) {
			w := displaywidth.String(s.text)
			fmt.Fprintf(&b, `<tspan x="%.1f" textLength="%.1f" class="%s">`, margin+column*float64(at), column*float64(w), s.class)
			_ = xml.EscapeText(&b, []byte(s.text))
			b.WriteString("</tspan>")
			at += w
		}
		b.WriteString("</text>")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

const style = `text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}` +
	`.back{fill:#fbfbfd;stroke:#d5d7de}tspan{fill:#1d2026}.b{font-weight:700}.f{fill:#686d78}.u{text-decoration:underline}.red{fill:#b3261e}.magenta{fill:#8e2a8e}` +
	`@media(prefers-color-scheme:dark){.back{fill:#16181d;stroke:#33363f}tspan{fill:#e6e7eb}.f{fill:#9a9fab}.red{fill:#ff8a80}.magenta{fill:#e39be3}}`

// span is text of one style.
type span struct{ class, text string }

// spans reads the SGR sequences of a line (ECMA-48, section 8.3.117), of those that simsid's theme has; others are left out.
func spans(l string) []span {
	var all []span
	class := ""
	for l != "" {
		before, rest, found := strings.Cut(l, "\x1b[")
		if before != "" {
			all = append(all, span{class, before})
		}
		if !found {
			break
		}
		parameters, after, _ := strings.Cut(rest, "m")
		class = classOf(parameters)
		l = after
	}
	return all
}

func classOf(parameters string) string {
	names := map[string]string{"1": "b", "2": "f", "4": "u", "31": "red", "35": "magenta"}
	var class []string
	for p := range strings.SplitSeq(parameters, ";") {
		if n := names[p]; n != "" {
			class = append(class, n)
		}
	}
	return strings.Join(class, " ")
}

// wrapped breaks a line as a terminal does, where it is full. What simsid leaves that long is addresses, which have no style.
func wrapped(l string) []string {
	if strings.Contains(l, "\x1b") {
		return []string{l}
	}
	var all []string
	for len(l) > columns {
		all = append(all, l[:columns])
		l = l[columns:]
	}
	return append(all, l)
}
