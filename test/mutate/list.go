package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// entry is a line of the list: a mutation that no test notices, and why that is no gap.
type entry struct {
	file     string // "internal/flow/answer.go"
	mutation string // as mutation.String writes it
	reason   string
}

func (e entry) String() string { return e.file + ": " + e.mutation }

// readList reads the list: a heading "### internal/flow/answer.go" for each file, and below it "- MUTATION — REASON", or "- REASON:" and
// below that "  - MUTATION" for each that it holds for. Other lines are for people.
func readList(name string) ([]entry, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var list []entry
	file, shared := "", ""
	for number, line := range strings.Split(string(b), "\n") {
		if heading, ok := strings.CutPrefix(line, "### "); ok {
			file, shared = heading, ""
			continue
		}
		if file == "" {
			continue
		}
		e := entry{file: file}
		switch item, inner := strings.CutPrefix(line, "  - "); {
		case inner:
			e.mutation, e.reason = item, shared
		case strings.HasPrefix(line, "- `"):
			e.mutation, e.reason, _ = strings.Cut(line[2:], " — ")
			e.reason, shared = strings.TrimSpace(e.reason), ""
		case strings.HasPrefix(line, "- "):
			shared = strings.TrimSuffix(line[2:], ":")
			continue
		default:
			continue
		}
		if e.reason == "" {
			return nil, fmt.Errorf("%s:%d: no reason: behind a dash, or in the line above", name, number+1)
		}
		list = append(list, e)
	}
	return list, nil
}

// listed reports whether a mutation of the package in dir is in the list.
func listed(known []entry, dir string, m mutation) bool {
	file := path.Join(filepath.ToSlash(dir), m.file)
	return slices.ContainsFunc(known, func(e entry) bool { return e.file == file && e.mutation == m.String() })
}

// compare holds what lived against the list. stale are the list's lines for the package that name no mutation, or one that was tried and
// noticed.
func compare(known []entry, dir string, all, tried, lived []mutation) (missing []mutation, stale []string) {
	for _, m := range lived {
		if !listed(known, dir, m) {
			missing = append(missing, m)
		}
	}
	dir = path.Clean(filepath.ToSlash(dir))
	for _, e := range known {
		if path.Dir(e.file) != dir {
			continue
		}
		named := func(m mutation) bool { return listed([]entry{e}, dir, m) }
		switch {
		case !slices.ContainsFunc(all, named):
			stale = append(stale, e.String())
		case slices.ContainsFunc(tried, named) && !slices.ContainsFunc(lived, named):
			stale = append(stale, e.String())
		}
	}
	return missing, stale
}
