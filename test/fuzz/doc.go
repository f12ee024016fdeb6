// Package fuzz holds the script that runs every fuzz target, and its test, which is built with the tag real as all that needs more than Go is.
package fuzz
