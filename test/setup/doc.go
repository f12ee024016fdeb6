// Package setup holds what `make setup` and CI run, and the tests of it: that a machine which lacks something and may not install it is told
// what, and that CI's last line counts what was run. They are built with the tag real, as all that needs more than Go is.
package setup
