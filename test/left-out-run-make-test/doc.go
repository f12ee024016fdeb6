// Package leftout holds nothing. `go test ./...` prints a line for every package, and this one's name says, in the line of a package
// without tests, that the run wasn't all: on a machine with nothing but Go, the packages below test/ have no test files either, because
// theirs are built with the tag real. `make test` installs what they need and runs them: the linter's own proof, a real OpenID provider,
// a real browser and a real keyring, and beside them the race detector, the other systems, fuzzing and the release's configuration.
package leftout
