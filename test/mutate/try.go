package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The switch, as the tests' program has it: which mutation is in force, and, where a file is named, which were reached.
const (
	mutantVariable  = "SIMSID_MUTANT"
	reachedVariable = "SIMSID_MUTANT_REACHED"

	switchText = `package %s

import (
	simsidOS "os"
	simsidStrconv "strconv"
	simsidAtomic "sync/atomic"
)

var (
	simsidMutant, _  = simsidStrconv.Atoi(simsidOS.Getenv("` + mutantVariable + `"))
	simsidReached, _ = simsidOS.OpenFile(simsidOS.Getenv("` + reachedVariable + `"), simsidOS.O_WRONLY|simsidOS.O_APPEND, 0)
	simsidSeen       [%d]simsidAtomic.Bool
)

func simsidMutated(n int) bool {
	if simsidReached != nil && simsidSeen[n].CompareAndSwap(false, true) {
		_, _ = simsidReached.WriteString(simsidStrconv.Itoa(n) + "\n")
	}
	return n == simsidMutant
}
`
)

// trial is a package's tests with all its mutations in them.
type trial struct {
	dir       string // of the package
	folder    string // of what was made
	program   string
	mutations []mutation // mutations[0] has the number 1
}

// pack compiles the tests of the package in dir.
func pack(ctx context.Context, dir string) (*trial, error) {
	files, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "simsid-mutate-")
	if err != nil {
		return nil, err
	}
	t := &trial{dir: dir, folder: folder, program: filepath.Join(folder, "tests")}
	if err := t.compile(ctx, files); err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

func (t *trial) remove() { _ = os.RemoveAll(t.folder) }

func (t *trial) compile(ctx context.Context, files *build.Package) error {
	overlay := map[string]string{}
	replace := func(name string, text []byte) error {
		original, err := filepath.Abs(filepath.Join(t.dir, name))
		if err != nil {
			return err
		}
		overlay[original] = filepath.Join(t.folder, name)
		return os.WriteFile(overlay[original], text, 0o600)
	}
	for _, name := range files.GoFiles {
		source, err := os.ReadFile(filepath.Join(t.dir, name))
		if err != nil {
			return err
		}
		m, err := mutate(name, source, len(t.mutations)+1)
		if err != nil {
			return err
		}
		t.mutations = append(t.mutations, m.all...)
		if err := replace(name, m.text); err != nil {
			return err
		}
	}
	if err := replace("simsid_mutated.go", fmt.Appendf(nil, switchText, files.Name, len(t.mutations)+1)); err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		return err
	}
	list := filepath.Join(t.folder, "overlay.json")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", list, "-o", t.program, ".")
	cmd.Dir = t.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the tests: %w\n%s", err, out)
	}
	return nil
}

// run runs some of the tests with one mutation in force, 0 for none.
func (t *trial) run(ctx context.Context, number int, tests []string, limit time.Duration, environment ...string) (out []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.program, "-test.failfast", "-test.run", "^("+strings.Join(tests, "|")+")$")
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), mutantVariable+"="+strconv.Itoa(number))
	cmd.Env = append(cmd.Env, environment...)
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Run()
	return said.Bytes(), err
}

// names are the tests that there are, fuzz targets among them: they run with their corpus.
func (t *trial) names(ctx context.Context) ([]string, error) {
	cmd := exec.CommandContext(ctx, t.program, "-test.list", "^(Test|Fuzz|Example)")
	cmd.Dir = t.dir
	out, err := cmd.Output()
	return strings.Fields(string(out)), err
}

// near are the tests that come by a mutation, and how long they take.
type near struct {
	tests []string
	takes time.Duration
}

// limit is how long these tests may take with the mutation in force. What hangs has noticed, and shouldn't cost more than it must.
func (n near) limit(most time.Duration) time.Duration { return min(most, 5*time.Second+4*n.takes) }

// reached runs each test as it is, and returns for each mutation the tests that come by it.
func (t *trial) reached(ctx context.Context, o options) (map[int]near, error) {
	names, err := t.names(ctx)
	if err != nil {
		return nil, err
	}
	var lock sync.Mutex
	reached := map[int]near{}
	faults := make([]error, len(names))
	each(ctx, o.workers, len(names), func(i int) {
		begun := time.Now()
		numbers, err := t.comesBy(ctx, names[i], o.limit)
		took := time.Since(begun)
		lock.Lock()
		defer lock.Unlock()
		faults[i] = err
		for _, n := range numbers {
			reached[n] = near{append(reached[n].tests, names[i]), reached[n].takes + took}
		}
	})
	return reached, errors.Join(ctx.Err(), errors.Join(faults...))
}

// comesBy returns the numbers of the mutations that one test comes by.
func (t *trial) comesBy(ctx context.Context, test string, limit time.Duration) ([]int, error) {
	name := filepath.Join(t.folder, "reached-"+test)
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return nil, err
	}
	if out, err := t.run(ctx, 0, []string{test}, limit, reachedVariable+"="+name); err != nil {
		return nil, fmt.Errorf("%s fails without any mutation: %w\n%s", test, err, out)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for line := range strings.FieldsSeq(string(b)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// try runs against each mutation the tests that come by it, and returns those that no test noticed and those that were tried, in the
// files' order. What no test comes by needs no run.
//
// A test that fails by itself would pass for one that has noticed. Of a mutation that is listed as unnoticed that would be taken for news,
// so it gets further chances.
func (t *trial) try(ctx context.Context, o options, listed func(mutation) bool) (lived, tried []mutation, err error) {
	reached, err := t.reached(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	var numbers []int
	for i, m := range t.mutations {
		if o.only.MatchString(m.file + " " + m.String()) {
			numbers = append(numbers, i+1)
		}
	}
	alive := make([]bool, len(numbers))
	var done atomic.Int64
	each(ctx, o.workers, len(numbers), func(i int) {
		by := reached[numbers[i]]
		alive[i] = len(by.tests) == 0
		chances := 1
		if listed(t.mutations[numbers[i]-1]) {
			chances = 3
		}
		for ; !alive[i] && chances > 0; chances-- {
			_, err := t.run(ctx, numbers[i], by.tests, by.limit(o.limit))
			alive[i] = err == nil
		}
		if n := done.Add(1); n%100 == 0 {
			fmt.Fprintf(o.stderr, "%s: %d of %d\n", t.dir, n, len(numbers))
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("interrupted: %w", err)
	}
	for i, n := range numbers {
		tried = append(tried, t.mutations[n-1])
		if alive[i] {
			lived = append(lived, t.mutations[n-1])
		}
	}
	return lived, tried, nil
}

// each does something for the numbers below n, some at a time, until ctx ends.
func each(ctx context.Context, workers, n int, do func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}
