// Package real drives the built program against real things that know nothing of it: an independent OpenID provider, Chromium on the
// emulator's pages, and a Secret Service. Its tests are built with the tag real, since they need what `make setup` installs.
package real
