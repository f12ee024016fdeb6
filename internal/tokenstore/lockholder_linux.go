package tokenstore

import (
	"bufio"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// holderOf finds the process that has locked a file in the kernel's list (proc(5), /proc/locks), 0 where it isn't there: as when the process
// is another container's.
func holderOf(fi fs.FileInfo) int {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	f, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if pid := lockedBy(lines.Text(), st.Ino); pid > 0 {
			return pid
		}
	}
	return 0
}

// lockedBy reads a line such as "3: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF". The device isn't compared: file systems on top of another
// have two numbers.
func lockedBy(line string, inode uint64) int {
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[1] != "FLOCK" || !strings.HasSuffix(fields[5], ":"+strconv.FormatUint(inode, 10)) {
		return 0
	}
	pid, err := strconv.Atoi(fields[4])
	if err != nil || pid < 0 { // another container's is -1
		return 0
	}
	return pid
}
