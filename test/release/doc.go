// Package release looks into what `make snapshot` has built: archives, packages, checksums.
package release
