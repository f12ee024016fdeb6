package render_test

import (
	"image"
	"image/color"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/render"
)

// pixels reads a picture of half blocks back: true is dark.
func pixels(t *testing.T, picture string) [][]bool {
	t.Helper()
	var rows [][]bool
	for line := range strings.Lines(picture) {
		line = strings.TrimSuffix(line, "\x1b[0m\n")
		line, ok := strings.CutPrefix(line, "\x1b[30;107m")
		if !ok {
			t.Fatalf("a line without its colours: %q", line)
		}
		var up, down []bool
		for _, r := range line {
			up = append(up, r == '█' || r == '▀')
			down = append(down, r == '█' || r == '▄')
		}
		rows = append(rows, up, down)
	}
	return rows
}

// TestQRCode: the three finder patterns are where a reader looks for them, the margin is light, and what doesn't fit isn't drawn.
func TestQRCode(t *testing.T) {
	const address = "https://id.example.com/device?user_code=WDJB-MJHT"
	picture := render.QRCode(address, 80, 24)
	rows := pixels(t, picture)
	size := len(rows[0])
	if size < 21 || size > 80 || len(rows) < size {
		t.Fatalf("%d by %d", size, len(rows))
	}
	img := image.NewGray(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			if !rows[y][x] {
				img.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	for _, corner := range []image.Point{{2, 2}, {size - 9, 2}, {2, size - 9}} {
		for y := range 7 {
			for x := range 7 {
				ring := max(max(3-x, x-3), max(3-y, y-3))
				if dark := img.GrayAt(corner.X+x, corner.Y+y).Y == 0; dark != (ring != 2) {
					t.Fatalf("no finder pattern at %v", corner)
				}
			}
		}
	}
	for i := range size {
		if rows[0][i] || rows[1][i] || rows[i][0] || rows[i][1] || rows[i][size-1] {
			t.Fatal("the margin isn't light")
		}
	}
	high := strings.Count(picture, "\n")
	if render.QRCode(address, size, high) != picture || render.QRCode(address, 0, 0) != picture {
		t.Error("not drawn where it just fits")
	}
	if render.QRCode(address, size-1, 0) != "" || render.QRCode(address, 0, high-1) != "" {
		t.Error("drawn where it doesn't fit")
	}
	if got := render.QRCode(strings.Repeat("x", 5000), 0, 0); got != "" {
		t.Error("drawn though it is too long")
	}
	if !utf8.ValidString(picture) {
		t.Error("no UTF-8")
	}
}
