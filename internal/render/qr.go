package render

import (
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the margin that a reader needs around a QR code, in modules (ISO/IEC 18004 section 5.3.8 asks for four; two are enough on a
// screen whose next characters are far away).
const quiet = 2

// QRCode draws an address as a QR code in half blocks, dark on light whatever the terminal's colours; "" where it doesn't fit into so many
// columns and rows, of which 0 is any number. It holds colour sequences of its own: whoever writes it must not escape them.
func QRCode(address string, columns, rows int) string {
	code, err := qr.Encode(address, qr.L, qr.Auto)
	if err != nil {
		return ""
	}
	size := code.Bounds().Dx()
	if columns > 0 && size+2*quiet > columns || rows > 0 && (size+2*quiet+1)/2 > rows {
		return ""
	}
	dark := func(x, y int) bool {
		if x < 0 || y < 0 || x >= size || y >= size {
			return false
		}
		r, _, _, _ := code.At(x, y).RGBA()
		return r < 0x8000
	}
	var b strings.Builder
	for y := -quiet; y < size+quiet; y += 2 {
		b.WriteString("\x1b[30;107m") // black on bright white: a reader takes no other way round
		for x := -quiet; x < size+quiet; x++ {
			switch up, down := dark(x, y), dark(x, y+1); {
			case up && down:
				b.WriteRune('█')
			case up:
				b.WriteRune('▀')
			case down:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
