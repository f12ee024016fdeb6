package cli

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/simsid/simsid/internal/render"
)

// namedPath is a path that the user named, and what stands for it in a ticket.
type namedPath struct {
	path, by string
	alone    bool // only where nothing stands below it: what else lies in such a folder has no name by it
}

// left stands for the folders of a path that has no name of its own.
const left = "…"

// namedFiles are the files that the user named to this examination.
func (x *examination) namedFiles() []string {
	var files []string
	for _, key := range []string{"client_key", "tls_cert", "tls_key", "ca_file"} {
		if x.s != nil {
			files = append(files, x.s.profile.Values(key)...)
		}
	}
	for _, flag := range []string{"tls-cert", "tls-key", "ca-file"} { // which stop a profile from being made too
		if x.s != nil || x.o.cmd == nil {
			break
		}
		if f := x.o.cmd.Flags().Lookup(flag); f != nil {
			files = append(files, f.Value.String())
		}
	}
	return files
}

// namedPaths are the folders and files that variables and settings name, the longest first: one may lie in another. Of what lies in the user's
// home, that folder alone is one of them.
func (a *app) namedPaths(home string, files []string) []namedPath {
	var all []namedPath
	folders := map[string][]string{}
	for _, name := range []string{"SIMSID_CONFIG_DIR", "SIMSID_STATE_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"} {
		if v := a.env.Getenv(name); v != "" {
			folders[name] = append(folders[name], v)
		}
	}
	for name, dir := range map[string]func() (string, error){"SIMSID_CONFIG_DIR": a.env.ConfigDir, "SIMSID_STATE_DIR": a.env.StateDir} {
		if folders[name] == nil || dir == nil {
			continue
		}
		if whole, err := dir(); err == nil { // where the variable leads, which needn't be absolute
			folders[name] = append(folders[name], whole)
			if behind, err := filepath.EvalSymlinks(whole); err == nil {
				folders[name] = append(folders[name], behind)
			}
		}
	}
	for name, paths := range folders {
		for _, path := range paths {
			all = append(all, folderNamed(path, a.variable(name))...)
		}
	}
	for _, variable := range []string{"SIMSID_STORE_KEY_FILE", "SIMSID_STORE_PASSPHRASE_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "SIMSID_CLIENT_KEY", "SIMSID_TLS_CERT", "SIMSID_TLS_KEY", "SIMSID_CA_FILE"} {
		files = append(files, a.env.Getenv(variable))
	}
	for one := range strings.SplitSeq(a.env.Getenv("BROWSER"), string(filepath.ListSeparator)) {
		if words := strings.Fields(one); len(words) > 0 {
			files = append(files, words[0])
		}
	}
	for _, file := range files {
		all = append(all, fileNamed(file)...)
		if whole, err := filepath.Abs(file); err == nil && file != "" {
			all = append(all, fileNamed(whole)...)
		}
	}
	all = slices.DeleteFunc(all, func(n namedPath) bool { return home != "" && within(n.path, home) })
	if home != "" {
		all = append(all, namedPath{path: home, by: "~"})
	}
	slices.SortStableFunc(all, func(a, b namedPath) int {
		return cmp.Or(cmp.Compare(len(b.path), len(a.path)), strings.Compare(a.by, b.by))
	})
	return all
}

// variable is how the system's shell has a variable's value.
func (a *app) variable(name string) string {
	if strings.HasPrefix(a.env.Platform, "windows/") {
		return "$env:" + name
	}
	return "$" + name
}

// folderNamed is a folder by the name of its variable, with those that it lies in.
func folderNamed(path, name string) []namedPath {
	path = strings.TrimRight(path, `/\`)
	if !strings.ContainsAny(path, `/\`) {
		return nil
	}
	all := []namedPath{{path: path, by: name}}
	for by := name; ; {
		at := strings.LastIndexAny(path, `/\`)
		if at <= 0 || strings.HasSuffix(path[:at], ":") {
			return all
		}
		by += path[at:at+1] + ".."
		path = path[:at]
		if everybodys(path) {
			return all
		}
		if strings.ContainsAny(path, `/\`) {
			all = append(all, namedPath{path, by, true})
		}
	}
}

// fileNamed is a file by its own name, with the folders that it lies in.
func fileNamed(path string) []namedPath {
	at := strings.LastIndexAny(path, `/\`)
	if at <= 0 || at == len(path)-1 {
		return nil
	}
	all := []namedPath{{path: path, by: left + path[at:]}}
	for at > 0 && !strings.HasSuffix(path[:at], ":") {
		path = path[:at]
		if everybodys(path) || !strings.ContainsAny(path, `/\`) {
			break
		}
		all = append(all, namedPath{path, left, true})
		at = strings.LastIndexAny(path, `/\`)
	}
	return all
}

// within reports whether a path is a folder, or lies in it.
func within(path, folder string) bool {
	rest, ok := strings.CutPrefix(path, folder)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '\\')
}

// everybodys reports whether a folder is the system's own, and none in one.
func everybodys(path string) bool { return !strings.ContainsAny(path[1:], `/\`) && isSystem(path) }

// isSystem reports whether a path begins at a folder that every machine has, where what comes next is rarely anybody's own name.
func isSystem(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{
		"etc", "usr", "bin", "sbin", "lib", "lib64", "opt", "dev", "proc", "sys", "run", "tmp", "var", "nix", "snap", "System", "Library", "Applications", "private",
	}, first)
}

// replaced puts the name in the place of the path, wherever that stands, as it stands there: plain, quoted for a shell, or as Go quotes it.
func (n namedPath) replaced(s string) string {
	name, quoted := n.by, n.by
	if strings.HasPrefix(n.by, "$") {
		quoted = `"` + n.by + `"`
	}
	forms := once([]string{n.path, render.Safe(n.path), strings.ReplaceAll(n.path, "'", `'\''`), strings.Trim(strconv.Quote(n.path), `"`)})
	for _, path := range forms {
		if !n.alone {
			for _, sep := range []string{"/", `\`} {
				s = replacePath(s, "'"+path+sep, quoted+sep+"'", nil)
				s = replacePath(s, path+sep, name+sep, nil)
			}
		}
		s = strings.ReplaceAll(s, "'"+path+"'", quoted)
		s = replacePath(s, path, name, func(r rune) bool { return isPathRune(r) || n.alone && (r == '/' || r == '\\') })
	}
	return s
}

// isPathRune reports whether a part of a path goes on with it.
func isPathRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-~…", r)
}

// replacePath replaces a path that nothing goes before which would make it the end of a longer one, and that goes on with nothing that it
// mustn't.
func replacePath(s, path, by string, goesOn func(rune) bool) string {
	var b strings.Builder
	before := ' '
	for {
		head, rest, found := strings.Cut(s, path)
		b.WriteString(head)
		if !found {
			return b.String()
		}
		if r := []rune(head); len(r) > 0 {
			before = r[len(r)-1]
		}
		next := []rune(rest)
		switch {
		case isPathRune(before) || before == '/' && path[0] != '/', goesOn != nil && len(next) > 0 && goesOn(next[0]):
			b.WriteString(path)
		default:
			b.WriteString(by)
		}
		end := []rune(path)
		before, s = end[len(end)-1], rest
	}
}

// withoutFolders leaves of a path that nobody gave a name the file's own name alone, but where it begins at a folder that every machine has.
func withoutFolders(s string) string {
	var b strings.Builder
	before := ' '
	for s != "" {
		taken, shown := pathAt(s, before), ""
		if taken > 0 {
			shown = ownName(s[:taken])
			before, _ = utf8.DecodeLastRuneInString(s[:taken])
		} else {
			before, taken = utf8.DecodeRuneInString(s)
			shown = s[:taken]
		}
		b.WriteString(shown)
		s = s[taken:]
	}
	return b.String()
}

// pathAt is the length of the absolute path that a text begins with, 0 where it begins with none.
func pathAt(s string, before rune) int {
	drive := len(s) > 2 && s[1] == ':' && (s[2] == '\\' || s[2] == '/') && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
	rooted := s[0] == '/' && !strings.HasPrefix(s, "//") || strings.HasPrefix(s, `\\`)
	if !drive && !rooted || isPathRune(before) || before == '/' || before == '\\' {
		return 0
	}
	const quotes = "\"'`"
	if strings.ContainsRune(quotes, before) { // within quotes a space is a part of it
		if end := strings.IndexAny(s, quotes); end >= 0 {
			return end
		}
	}
	if end := strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(quotes+"<>", r)
	}); end >= 0 {
		return end
	}
	return len(s)
}

// ownName is a path without its folders.
func ownName(path string) string {
	at := strings.LastIndexAny(path, `/\`)
	switch {
	case at < 1, path[0] == '/' && isSystem(path), strings.Contains(path, "/.well-known/"): // the last is of an address (RFC 8615)
		return path
	case path[0] != '/' && path[0] != '\\': // of Windows
		for _, begins := range []string{`Windows\`, `Program Files`, `ProgramData\`, `Users\USER\`} {
			if strings.HasPrefix(path[3:], begins) {
				return path
			}
		}
		if at < 3 {
			return path
		}
	}
	return left + path[at:]
}
