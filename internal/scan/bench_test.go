package scan

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// benchLog is a log of which one line in fifty has a token, some 20 MB of it.
func benchLog() []byte {
	words := strings.Fields(`request handled in ms by worker thread GET POST /api/v1/schools/8412345/pupils status=200 user-agent Mozilla/5.0
		id=44 INFO WARN cache miss for key org:8412345 elapsed=12.4 bytes=2314 trace=4bf92f3577b34da6a3ce929d0e0e4736`)
	var b bytes.Buffer
	for n := range 100_000 {
		fmt.Fprintf(&b, "2026-11-21T10:%02d:%02d.%03dZ", n/60%60, n%60, n%1000)
		for i := range 8 + n%13 {
			b.WriteString(" " + words[(n*7+i*i)%len(words)])
		}
		if n%50 == 0 {
			b.WriteString(" Authorization: Bearer " + sample + b64(fmt.Sprintf("%200d", n)))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// benchJSON is the same amount of JSON, whose members have the names that APIs' answers have.
func benchJSON() []byte {
	var b bytes.Buffer
	for n := range 60_000 {
		fmt.Fprintf(&b, `{"time":"2026-11-21T10:%02d:%02dZ","level":"info","logger":"sts.TokenService","message":"request done","properties":{"client_id":"pm-%d","status":200,`+
			`"path":"/core/connect/token","elapsed_ms":%d,"user_agent":"Mozilla/5.0 (X11; Linux x86_64)","code":"E%d","kind":"access"},"host":"web-%d"}`+"\n", n/60%60, n%60, n, n%977, n, n%7)
	}
	return b.Bytes()
}

func BenchmarkRedact(b *testing.B) {
	for _, t := range []struct {
		name     string
		text     []byte
		personal bool
	}{{"log", benchLog(), false}, {"log, personal", benchLog(), true}, {"JSON", benchJSON(), false}, {"JSON, personal", benchJSON(), true}} {
		b.Run(t.name, func(b *testing.B) {
			b.SetBytes(int64(len(t.text)))
			for b.Loop() {
				if _, err := Redact(b.Context(), io.Discard, bytes.NewReader(t.text), RedactOptions{Key: key, Personal: t.personal}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
