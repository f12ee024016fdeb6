package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// homeless tells that one of simsid's folders is said to be below a home folder that isn't there: ok is false where it is, or where the
// folder lies elsewhere. made says what would be in that folder, and variable what names it directly.
func (x *examination) homeless(dir, made, variable string) (f finding, ok bool) {
	home := x.homeFolder()
	if below, err := filepath.Rel(home, dir); home == "" || err != nil || strings.HasPrefix(below, "..") {
		return f, false
	}
	info, err := os.Stat(home)
	problem := "a folder that can't be looked into: " // by what the system said
	switch {
	case err == nil && info.IsDir():
		return f, false
	case err == nil:
		problem = "something that is no folder"
	case errors.Is(err, fs.ErrNotExist):
		problem = "a folder that isn't there"
	default:
		problem += reason(err)
	}
	says, see := "HOME names "+problem, `see what it names: echo "$HOME"`
	if x.env.Getenv("HOME") == "" {
		says, see = "HOME isn't set, and the system names "+problem, "see what it names: getent passwd"
	}
	mend := []string{see, "set it to your home folder: export HOME=FOLDER", "or name a folder for " + made + ": export " + variable + "=FOLDER"}
	switch gone := errors.Is(err, fs.ErrNotExist); {
	case gone && mayMake(home):
		return warned(says+": "+made+" would be kept there, and the folder made for it", mend...), true
	case gone:
		says += " and can't be made"
	}
	return failed(says+": "+made+" can't be kept there", mend...), true
}

// mayMake reports whether a folder could be made, with those above it that aren't there either.
func mayMake(dir string) bool {
	for {
		above := filepath.Dir(dir)
		if above == dir {
			return false
		}
		dir = above
		if info, err := os.Stat(dir); err == nil {
			return info.IsDir() && mayWrite(dir)
		}
	}
}

// tidy gives what takes those folders of simsid's away again that weren't there before: a check leaves nothing behind.
func (x *examination) tidy() func() {
	dir, err := x.stateFolder("store")
	if err != nil {
		return func() {}
	}
	var missing []string
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append(missing, dir)
	}
	return func() {
		for _, d := range missing {
			_ = os.Remove(d) // it does only where nobody has put anything there meanwhile
		}
	}
}
