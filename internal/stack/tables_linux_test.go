//go:build amd64 || arm64

package stack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestInner(t *testing.T) {
	for _, c := range []struct{ from, to, first, size uintptr }{
		{0x10000, 0x30000, 0x10000, 0x20000},
		{0x10001, 0x3ffff, 0x20000, 0x10000},
		{0x10001, 0x2ffff, 0, 0},
		{0x10001, 0x10002, 0, 0},
		{0x20000, 0x20000, 0, 0},
		{0, 0, 0, 0},
	} {
		if first, size := inner(c.from, c.to); first != c.first || size != c.size {
			t.Errorf("inner(%#x, %#x) = %#x, %#x; want %#x, %#x", c.from, c.to, first, size, c.first, c.size)
		}
	}
}

// Everything is read, so that it is mapped, given back, and can still be read: a stack that is moved, and one that is printed, need it.
func TestGiveBack(t *testing.T) {
	first, size := inner(tables())
	if size < granule {
		t.Fatalf("the tables lie at %#x and have %d bytes", first, size)
	}
	isGivenBack(t, first, size, func() { giveBack() })
	isGivenBack(t, first, size, func() { GiveBack() })
	GiveBack()
	said := make(chan string)
	go func() { said <- deep(2000) }()
	if text := <-said; !strings.Contains(text, "internal/stack.deep(") {
		t.Errorf("a stack is printed as\n%s", text)
	}
}

// Code that was given back runs as before.
func TestGiveBackCode(t *testing.T) {
	from, to := reflect.ValueOf(fmt.Sprint).Pointer(), reflect.ValueOf(TestGiveBackCode).Pointer()
	first, size := inner(min(from, to), max(from, to))
	if size < granule {
		t.Fatalf("from %#x to %#x there is no code", from, to)
	}
	isGivenBack(t, first, size, func() { GiveBack(to, from) })
	if got := fmt.Sprint(from > 0, "x"); got != "truex" {
		t.Errorf("fmt.Sprint says %q", got)
	}
	GiveBack(from) // one function has nothing between
}

// deep takes a stack that has to be moved several times on the way down, and prints it.
func deep(n int) string {
	if n > 0 {
		return deep(n - 1)
	}
	text := make([]byte, 4<<10)
	return string(text[:runtime.Stack(text, false)])
}

// isGivenBack reads a range and has it given back: most of it isn't mapped then, and it reads as before. The runtime's own goroutines read in it, too, and
// each time sixteen pages come back; so it is tried a few times.
func isGivenBack(t *testing.T, first, size uintptr, give func()) {
	t.Helper()
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	pages, left := size/uintptr(os.Getpagesize()), uintptr(0)
	for range 20 {
		read, again := make([]byte, size), make([]byte, size)
		if _, err := memory.ReadAt(read, int64(first)); err != nil {
			t.Fatal(err)
		}
		if n := mapped(t, first, pages); n < pages*9/10 {
			t.Fatalf("of %d pages that were read %d are mapped", pages, n)
		}
		give()
		left = mapped(t, first, pages)
		if _, err := memory.ReadAt(again, int64(first)); err != nil || !bytes.Equal(again, read) {
			t.Fatalf("it reads otherwise than before: %v", err)
		}
		if left <= pages/2 {
			return
		}
	}
	t.Errorf("of %d pages %d are still mapped", pages, left)
}

// mapped counts the pages that the process has mapped, see proc_pid_pagemap(5).
func mapped(t *testing.T, first, pages uintptr) (n uintptr) {
	t.Helper()
	const entry, present = 8, 1 << 63
	file, err := os.Open("/proc/self/pagemap")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	at := int64(first) / int64(os.Getpagesize()) * entry
	entries, err := io.ReadAll(io.NewSectionReader(file, at, int64(pages)*entry))
	if err != nil || len(entries) != int(pages)*entry {
		t.Fatalf("%d bytes of /proc/self/pagemap: %v", len(entries), err)
	}
	for e := range pages {
		if binary.NativeEndian.Uint64(entries[e*entry:])&present != 0 {
			n++
		}
	}
	return n
}
