// Command empty does nothing: what starting any Go program takes.
package main

func main() {}
