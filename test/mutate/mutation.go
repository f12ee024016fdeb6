package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"slices"
	"strings"
)

// mutation is one change of one file. Which one is meant doesn't depend on the line it stands in.
type mutation struct {
	file string // its name, without the folder
	in   string // the function: "expected.parse"
	from string // the code as it is, in one line
	to   string // the code as it would be; removed: nothing
	nth  int    // 1 for the first of its kind in the function, 2 for the second
}

const removed = "removed"

// String is the mutation as the list of survivors has it, but for its file.
func (m mutation) String() string {
	s := fmt.Sprintf("%#q: %#q → ", m.in, m.from)
	if m.to == removed {
		s += removed
	} else {
		s += fmt.Sprintf("%#q", m.to)
	}
	if m.nth > 1 {
		s += fmt.Sprintf(" (%d)", m.nth)
	}
	return s
}

// edit puts text around a part of a file.
type edit struct {
	start, end    int // offsets
	before, after string
}

// mutants are the mutations of one file, and the file with all of them in it, each behind a switch.
type mutants struct {
	all  []mutation
	text []byte
}

// searcher looks for what can be changed in one file.
type searcher struct {
	fset   *token.FileSet
	source []byte
	name   string
	in     string
	first  int // the number of the file's first mutation
	found  []mutation
	edits  []edit
	seen   map[mutation]int
}

// mutate finds the mutations of a file and writes the file that has them all: each is in force where simsidMutated(its number) is true.
// Numbers count from first.
func mutate(name string, source []byte, first int) (mutants, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		return mutants{}, err
	}
	s := &searcher{fset: fset, source: source, name: name, first: first, seen: map[mutation]int{}}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue // what is fixed when the program is built can't be switched
		}
		s.in = f.Name.Name
		if f.Recv != nil && len(f.Recv.List) == 1 {
			s.in = strings.TrimPrefix(s.line(f.Recv.List[0].Type), "*") + "." + s.in
		}
		ast.Inspect(f.Body, s.visit)
	}
	return mutants{all: s.found, text: apply(source, s.edits)}, nil
}

func (s *searcher) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		s.condition(n.Cond, "true", "false")
	case *ast.ForStmt:
		if n.Cond != nil {
			s.condition(n.Cond, "false")
		}
	case *ast.SwitchStmt:
		if n.Tag != nil {
			break
		}
		for _, clause := range n.Body.List {
			for _, e := range clause.(*ast.CaseClause).List {
				s.condition(e, "true", "false")
			}
		}
	case *ast.ReturnStmt:
		for _, e := range n.Results {
			if isBool(e) {
				s.condition(e, "true", "false")
			}
		}
	case *ast.BinaryExpr:
		s.operator(n)
	case *ast.BlockStmt:
		s.statements(n.List)
	case *ast.CaseClause:
		s.statements(n.Body)
	case *ast.CommClause:
		s.statements(n.Body)
	}
	return true
}

// isBool reports whether an expression is a truth value by its form alone.
func isBool(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return isBool(e.X)
	case *ast.UnaryExpr:
		return e.Op == token.NOT
	case *ast.BinaryExpr:
		return slices.Contains([]token.Token{
			token.LAND, token.LOR, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ,
		}, e.Op)
	}
	return false
}

// condition makes a truth value always true or always false.
func (s *searcher) condition(e ast.Expr, values ...string) {
	for _, v := range values {
		if text := s.line(e); text != v {
			s.swap(e, text, v, v)
		}
	}
}

// operator takes one side of && and || out of force, and moves the border of a comparison.
func (s *searcher) operator(e *ast.BinaryExpr) {
	switch e.Op { //nolint:exhaustive // the others aren't about truth
	case token.LAND:
		s.condition(e.X, "true")
		s.condition(e.Y, "true")
	case token.LOR:
		s.condition(e.X, "false")
		s.condition(e.Y, "false")
	case token.LSS, token.LEQ, token.GTR, token.GEQ:
		other := map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}[e.Op]
		s.swap(e, s.line(e), s.line(e.X)+" "+other+" "+s.line(e.Y), s.text(e.X)+other+s.text(e.Y))
	}
}

// swap puts another truth value in the place of one. code is what to is in the file, where white space may have a meaning.
func (s *searcher) swap(e ast.Expr, from, to, code string) {
	n := s.add(from, to)
	s.edits = append(s.edits, edit{
		start: s.offset(e.Pos()), end: s.offset(e.End()),
		before: fmt.Sprintf("(simsidMutated(%d) && (%s) || !simsidMutated(%d) && (", n, code, n), after: "))",
	})
}

// statements takes out those that can go without another: calls, assignments to what is there already, and what is deferred.
func (s *searcher) statements(list []ast.Stmt) {
	for _, st := range list {
		switch st := st.(type) {
		case *ast.ExprStmt:
			if call, ok := st.X.(*ast.CallExpr); !ok || s.line(call.Fun) == "panic" {
				continue
			}
		case *ast.AssignStmt:
			if st.Tok == token.DEFINE || s.blank(st) {
				continue
			}
		case *ast.DeferStmt, *ast.IncDecStmt, *ast.SendStmt, *ast.GoStmt:
		default:
			continue
		}
		n := s.add(s.line(st), removed)
		s.edits = append(s.edits, edit{
			start: s.offset(st.Pos()), end: s.offset(st.End()), before: fmt.Sprintf("if !simsidMutated(%d) { ", n), after: " }",
		})
	}
}

// blank reports whether an assignment only throws a result away.
func (s *searcher) blank(st *ast.AssignStmt) bool {
	return !slices.ContainsFunc(st.Lhs, func(e ast.Expr) bool { return s.line(e) != "_" })
}

// add numbers a mutation.
func (s *searcher) add(from, to string) int {
	m := mutation{file: s.name, in: s.in, from: clip(from), to: clip(to)}
	s.seen[m]++
	m.nth = s.seen[mutation{file: m.file, in: m.in, from: m.from, to: m.to}]
	s.found = append(s.found, m)
	return s.first + len(s.found) - 1
}

// line writes a node in one line.
func (s *searcher) line(n ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, s.fset, n); err != nil {
		return s.text(n)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// text is a node as the file has it.
func (s *searcher) text(n ast.Node) string {
	return string(s.source[s.offset(n.Pos()):s.offset(n.End())])
}

// clip keeps the list readable: a long statement is known by its beginning.
func clip(s string) string {
	const most = 120
	s = strings.ReplaceAll(s, "`", "'")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (s *searcher) offset(p token.Pos) int { return s.fset.Position(p).Offset }

// apply makes all edits at once. Of those that begin at one place the longest, and then the first, is the outermost.
func apply(source []byte, edits []edit) []byte {
	type piece struct {
		at    int
		text  string
		order []int
	}
	var pieces []piece
	for i, e := range edits {
		pieces = append(pieces,
			piece{e.start, e.before, []int{1, -e.end, i}},
			// What ends at a place comes before what begins there; what began last ends first.
			piece{e.end, e.after, []int{0, -e.start, -i}})
	}
	slices.SortStableFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.at, b.at), slices.Compare(a.order, b.order))
	})
	var out bytes.Buffer
	last := 0
	for _, p := range pieces {
		out.Write(source[last:p.at])
		out.WriteString(p.text)
		last = p.at
	}
	out.Write(source[last:])
	return out.Bytes()
}
