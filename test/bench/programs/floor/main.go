// Command floor is the least that a login can take: one process that plays the provider, the browser and the client, each with what the
// protocol asks of it, in straight lines over the standard library. It does what simsid login --emulator does: discovery, a
// loopback listener, PKCE with state and nonce, a signed ID and access token, the exchange, the check of the ID token by the provider's
// keys, and, each in a file that is safely on the disk, the provider's state and the sealed tokens. It takes a folder that holds the
// signing key and the identity that the file is sealed to, so that neither is made anew at each login.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: floor FOLDER")
		os.Exit(2)
	}
	if err := login(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}
