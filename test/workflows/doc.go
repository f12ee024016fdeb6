// Package workflows tests what runs at GitHub as far as it can be run elsewhere: the workflows and the action against their rules and schemas, and the
// scripts of the action against the emulator.
package workflows
