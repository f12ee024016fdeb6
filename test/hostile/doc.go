// Package hostile runs the program's commands against a provider that does what it can to be believed: every way of lying that the
// specifications warn of, and some that they don't, each with the words and the exit code that it has to end in, and a look at what was
// kept. Nothing has to be installed for it.
package hostile
