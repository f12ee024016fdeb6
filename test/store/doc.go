// Package store tests what is kept against what can go wrong: many processes at once, a kill at any moment, a full or read-only
// disk, a keyring that locks, dies or falls silent, a clock that jumps. The program under test is the real one, in processes of
// its own, with an STS whose refresh tokens work once, and a real Secret Service. The tests have the build tag real.
package store
