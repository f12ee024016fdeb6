// Package lint proves that .golangci.yml bites: a rule that nothing breaks looks just like a rule that is switched off. Its tests lint a
// module of a few lines that breaks each rule once. They need the linter, so they are built with the tag real: make real runs them.
package lint
