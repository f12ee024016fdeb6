//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// checkWriters refuses what belongs to another user but root, and what a group or everybody may write to. In a folder with the sticky bit
// nobody can replace another's file.
func checkWriters(path string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if me := os.Geteuid(); ok && st.Uid != 0 && int(st.Uid) != me {
		return &AccessError{Path: path, Problem: fmt.Sprintf("it belongs to user %d, not to user %d", st.Uid, me),
			Mend: fmt.Sprintf("sudo chown %d %s", me, shellQuote(path))}
	}
	mode := info.Mode()
	if mode.Perm()&0o022 == 0 || mode.IsDir() && mode&fs.ModeSticky != 0 || mode&fs.ModeDevice != 0 {
		return nil
	}
	return &AccessError{Path: path, Problem: fmt.Sprintf("others can write to it (mode %04o), and so say where secrets are sent", mode.Perm()),
		Mend: "chmod go-w " + shellQuote(path)}
}

// shellQuote makes one word of a path for a shell; most are one as they are.
func shellQuote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool {
		return !isAlnum(r) && !strings.ContainsRune("/._-+", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
