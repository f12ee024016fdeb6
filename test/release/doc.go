// Package release looks into what `make snapshot` has built: archives, packages, checksums. Beside it are two scripts of
// `make soak`: twice.sh builds a release twice and compares the bytes, debian.sh installs one on a Debian that was made for it.
package release
