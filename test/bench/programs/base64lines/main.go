// Command base64lines decodes the parts of the token on each line of standard input and does nothing with them: it is the least that
// reading tokens costs.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "base64lines:", err)
		os.Exit(1)
	}
}

func run() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<20)
	var decoded []byte
	for lines.Scan() {
		for rest, more := lines.Bytes(), true; more; {
			var part []byte
			part, rest, more = bytes.Cut(rest, []byte{'.'})
			var err error
			if decoded, err = base64.RawURLEncoding.AppendDecode(decoded[:0], part); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}
