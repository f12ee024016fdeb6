//go:build amd64 || arm64

package stack

// The linker's tables say of each function where it lies, what it is called, and what its frame holds. The runtime checks them at every start, and
// moves a stack by them; after that only a crash, a profile or another move looks into them. But wherever a page is touched, Linux maps the
// fifteen around it, too, and a process is counted as having in use what is mapped: these tables are a tenth of a short command's memory.
// So they are unmapped once the stack is as large as it needs to be. They stay where they were, in the binary and the page cache, and are mapped
// anew by whoever reads them.
var _ = giveBack()

// GiveBack unmaps them again, after what the initialisation of the other packages has read of them (a goroutine's name, each time that one is
// started), and with them the code that lies between the lowest and the highest of some functions' entries. Code is mapped anew by whoever calls it.
func GiveBack(entries ...uintptr) {
	giveBack()
	if len(entries) == 0 {
		return
	}
	from, to := entries[0], entries[0]
	for _, e := range entries {
		from, to = min(from, e), max(to, e)
	}
	if first, size := inner(from, to); size > 0 {
		unmap(first, size)
	}
}

// granule is the largest page of the two architectures in bytes: the system rounds up where a range ends, and what lies behind the
// tables may be data that has been written to.
const granule = 64 << 10

// giveBack unmaps so many bytes.
func giveBack() (size uintptr) {
	first, size := inner(tables())
	if size > 0 {
		unmap(first, size)
	}
	return size
}

// inner is what of a range consists of whole granules, as its first byte and its size.
func inner(from, to uintptr) (first, size uintptr) {
	first, to = (from+granule-1)&^(granule-1), to&^(granule-1)
	if first >= to {
		return 0, 0
	}
	return first, to - first
}

// tables returns where the linker has laid its tables of functions: the first byte, and the first behind them.
func tables() (from, to uintptr)

// unmap is madvise(2) with MADV_DONTNEED, which for pages that are mapped from a file and were never written to is what its name says. It is
// called before package syscall is initialised, and whether it has succeeded doesn't matter.
//
//go:noescape
func unmap(first, size uintptr)
