//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A program that only imports the libraries hardly links them: the linker leaves out what nobody calls, which is more than half of their code. What is to be
// compared with simsid's start is a program that has as much of them in it as simsid has. So it refers to each of their functions and methods that the linker kept
// for simsid, and calls none.

// writeLinked writes that program and its overlay.
func writeLinked(ctx context.Context, dir string) (string, error) {
	whole := filepath.Join(dir, "symbols")
	if _, err := goTool(ctx, "build", "-trimpath", "-o", whole, module+"/cmd/simsid"); err != nil {
		return "", err
	}
	symbols, err := goTool(ctx, "tool", "nm", whole)
	if err != nil {
		return "", err
	}
	packages, err := goTool(ctx, "list", "-deps", "-f", "{{.ImportPath}}", module+"/cmd/simsid")
	if err != nil {
		return "", err
	}
	source, err := linkedSource(string(packages), symbols)
	if err != nil {
		return "", err
	}
	return replaceSource(ctx, dir, programsPackage+"/linked/main.go", func([]byte) ([]byte, error) { return source, nil })
}

// linkedSource refers to what both go list and go tool nm know of.
func linkedSource(packages string, symbols []byte) ([]byte, error) {
	refers := map[string][]string{}
	for path := range strings.FieldsSeq(packages) {
		if path != module && !strings.HasPrefix(path, module+"/") && !isInternal(path) && path != "unsafe" {
			refers[path] = nil
		}
	}
	found := 0
	for lines := bufio.NewScanner(bytes.NewReader(symbols)); lines.Scan(); {
		path, expression, ok := exportedFunction(lines.Text())
		if _, known := refers[path]; ok && known {
			refers[path] = append(refers[path], expression)
			found++
		}
	}
	if found == 0 {
		return nil, errors.New("simsid is linked with no function of a library")
	}
	var imports, variables, uses strings.Builder
	for i, path := range slices.Sorted(maps.Keys(refers)) {
		slices.Sort(refers[path])
		expressions := slices.Compact(refers[path])
		name := fmt.Sprintf("p%d", i)
		if len(expressions) == 0 {
			name = "_"
		}
		fmt.Fprintf(&imports, "\t%s %q\n", name, path)
		for n, expression := range expressions {
			fmt.Fprintf(&variables, "\t%s_%d = %s\n", name, n, fmt.Sprintf(expression, name))
			fmt.Fprintf(&uses, "\tif %s_%d == nil {\n\t\tpanic(\"never\")\n\t}\n", name, n)
		}
	}
	return fmt.Appendf(nil, `// Command linked has as much of the libraries in it as simsid has, and does nothing.
package main

import (
	self "os"
%s)

var (
%s)

func main() {
	if len(self.Args) > 1 {
		refer()
	}
}

func refer() {
%s}
`, imports.String(), variables.String(), uses.String()), nil
}

// exportedFunction takes a line of go tool nm for a function or method that another package may name, and says how; %s stands for the package. Those of
// generic functions aren't taken, which only who uses them makes.
func exportedFunction(line string) (path, expression string, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 3 || fields[1] != "T" && fields[1] != "t" || strings.ContainsAny(fields[2], "[{;") {
		return "", "", false
	}
	symbol := fields[2]
	begins := strings.LastIndexByte(symbol, '/') + 1
	dot := strings.IndexByte(symbol[begins:], '.')
	if dot < 0 {
		return "", "", false
	}
	path, name := strings.ReplaceAll(symbol[:begins+dot], "%2e", "."), symbol[begins+dot+1:]
	if receiver, method, is := strings.Cut(strings.TrimPrefix(name, "(*"), ")."); is && strings.HasPrefix(name, "(*") {
		return path, "(*%s." + receiver + ")." + method, isExported(receiver) && isExported(method)
	}
	receiver, method, is := strings.Cut(name, ".")
	return path, "%s." + name, isExported(receiver) && (!is || isExported(method))
}

// isExported reports whether a name is one word that begins with a capital.
func isExported(name string) bool {
	if name == "" || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}
