// Package scan holds the tests of how much memory simsid scan takes: of the program as it is released, with more text than a unit test
// should have. They run by `make real`, with more still by `make soak`.
package scan
