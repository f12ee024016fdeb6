// Command mutate tells which lines of the packages that decide over trust no test misses: it takes conditions, comparisons and statements
// out of force, one at a time, and runs the package's own tests against each. What no test notices has to be in the list, with the reason
// why that is no gap; what is in the list has to be there and unnoticed. `make mutate` runs it.
//
//	go run ./test/mutate [-list FILE] [-only REGEXP] [-workers N] PACKAGE...
//
// All mutations of a package are compiled at once, each behind a switch, which makes one run of the tests all that a mutation costs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options say what to try.
type options struct {
	list    string
	only    *regexp.Regexp
	workers int
	limit   time.Duration
	stdout  io.Writer
	stderr  io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := options{stdout: stdout, stderr: stderr}
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.list, "list", "docs/mutation.md", "the list of what no test notices")
	only := flags.String("only", "", "try only what matches, as it stands in the list behind its file's name: 'verify.go `Verify`'")
	flags.IntVar(&o.workers, "workers", 5*runtime.NumCPU(), "how many runs of the tests at a time; most of them only wait")
	flags.DurationVar(&o.limit, "limit", time.Minute, "how long a run of the tests may take; one that takes longer has noticed")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() == 0 || o.workers < 1:
		fmt.Fprintln(stderr, "mutate: usage: mutate [-list FILE] [-only REGEXP] [-workers N] PACKAGE...")
		return 2
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		fmt.Fprintf(stderr, "mutate: -only: %v\n", err)
		return 2
	}
	if err := judgeAll(ctx, o, flags.Args()); err != nil {
		fmt.Fprintf(stderr, "mutate: %v\n", err)
		return 1
	}
	return 0
}

// judgeAll tries each package, and holds what no test noticed against the list.
func judgeAll(ctx context.Context, o options, packages []string) error {
	known, err := readList(o.list)
	if err != nil {
		return err
	}
	wrong := 0
	for _, dir := range packages {
		p, err := pack(ctx, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		lived, tried, err := p.try(ctx, o, func(m mutation) bool { return listed(known, dir, m) })
		p.remove()
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		missing, stale := compare(known, dir, p.mutations, tried, lived)
		fmt.Fprintf(o.stdout, "%s: %d mutations, %d noticed, %d not: %d of these are listed\n",
			dir, len(tried), len(tried)-len(lived), len(lived), len(lived)-len(missing))
		for _, m := range missing {
			fmt.Fprintf(o.stdout, "not noticed and not listed: %s/%s\n- %s\n", dir, m.file, m)
		}
		for _, line := range stale {
			fmt.Fprintf(o.stdout, "listed, and noticed or not there: %s\n", line)
		}
		wrong += len(missing) + len(stale)
	}
	if wrong > 0 {
		return fmt.Errorf("%d differences from %s", wrong, o.list)
	}
	return nil
}
