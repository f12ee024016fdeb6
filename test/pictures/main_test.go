//go:build unix

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestSpans(t *testing.T) {
	got := spans("a\x1b[1;31mwrong\x1b[m & \x1b[2mnote\x1b[m")
	want := []span{{"", "a"}, {"b red", "wrong"}, {"", " & "}, {"f", "note"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPictureIsXML(t *testing.T) {
	picture := string(svg("simsid decode <x>", "\x1b[1mA & B\x1b[m\n"+strings.Repeat("x", 200)+"\n"))
	for d := xml.NewDecoder(strings.NewReader(picture)); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v: %s", err, picture)
		}
	}
	if n := strings.Count(picture, "<text "); n != 5 {
		t.Errorf("%d lines, want 5: the command, one, and three of a long one", n)
	}
	if !strings.Contains(picture, "A &amp; B") || strings.Contains(picture, "\x1b") {
		t.Errorf("not escaped: %s", picture)
	}
}
