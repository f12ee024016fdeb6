package render

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

var jqDocument = Done{Action: "profile added", Profile: "work", Text: "<tab\tand \x1b[31m>"}.document()

func TestJQ(t *testing.T) {
	t.Setenv("SIMSID_TEST_SECRET", "hunter2")
	for expr, want := range map[string]string{
		".profile":                "work\n",
		".schema, .action":        "simsid.done/1\nprofile added\n",
		".nothing":                "null\n",
		".text":                   "<tab\tand \\x1b[31m>\n",
		"{p: .profile, t: .text}": `{"p":"work","t":"<tab\tand \u001b[31m>"}` + "\n",
		"[1, 1.5, 12345678901234567890, true, null]": "[1,1.5,12345678901234567890,true,null]\n",
		`"a\nb"`:                  "a\nb\n",
		"empty":                   "",
		"1, halt, 2":              "1\n",
		"$ENV, env":               "{}\n{}\n",
		"$ENV.SIMSID_TEST_SECRET": "null\n",
		`"\u202e"`:                "\\u202e\n",
		`["\u202e\u009b"]`:        `["\u202e\u009b"]` + "\n",
	} {
		t.Run(expr, func(t *testing.T) {
			got, err := evaluate(t.Context(), expr, jqDocument)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestJQFaults(t *testing.T) {
	for expr, want := range map[string]struct {
		problem string
		checked bool // CheckJQ sees it before anything is done
	}{
		".a |":                   {"unexpected EOF", true},
		"{":                      {"unexpected EOF", true},
		"nope":                   {"function not defined: nope/0", true},
		"$nope":                  {"variable not defined: $nope", true},
		`import "a" as a; .`:     {"cannot load module: \"a\"", true},
		`include "/etc/x"; .`:    {"cannot load module: \"/etc/x\"", true},
		"input":                  {"input(s)/0 is not allowed", true},
		"debug":                  {"function not defined: debug/0", true}, // it would write to stderr
		".schema.x":              {"expected an object but got: string", false},
		`error("no")`:            {"it called error: no", false},
		`error("a \"b\"")`:       {`it called error: a "b"`, false},
		`.nope // error("no a")`: {"it called error: no a", false},
		`"end" | halt_error`:     {"it ended itself by halt_error: end", false},
		`error(.schema)`:         {"it called error", false}, // which may be a token
		`error("\(.schema)")`:    {"it called error", false},
		`error({a: "no"})`:       {"it called error", false},
		`.schema | halt_error`:   {"it ended itself by halt_error", false},
		`repeat("x" * 1000000)`:  {"its results are longer than 16 MiB", false},
	} {
		t.Run(expr, func(t *testing.T) {
			expected := JQError{Expression: expr, Problem: want.problem}
			out, err := evaluate(t.Context(), expr, jqDocument)
			var e *JQError
			if !errors.As(err, &e) || *e != expected || out != nil {
				t.Errorf("evaluate: got %v and %d bytes, want %v", err, len(out), &expected)
			}
			err = CheckJQ(expr)
			if !want.checked {
				if err != nil {
					t.Errorf("CheckJQ: %v", err)
				}
			} else if !errors.As(err, &e) || *e != expected {
				t.Errorf("CheckJQ: got %v, want %v", err, &expected)
			}
		})
	}
}

// An expression that never ends is ended.
func TestJQEnds(t *testing.T) {
	for _, expr := range []string{"def f: f; f", "[repeat(1)]", "last(repeat(1))", "range(infinite) | empty"} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := evaluateWithin(ctx, expr, jqDocument)
		cancel()
		want := JQError{Expression: expr, Problem: "it took longer than 5 seconds"}
		var e *JQError
		if !errors.As(err, &e) || *e != want {
			t.Errorf("%s: got %v, want %v", expr, err, &want)
		}
	}
}

// An expression that takes ever more memory is ended long before its time, in one operation as in many.
func TestJQMemory(t *testing.T) {
	for _, expr := range []string{
		"[range(1e9)]", `reduce range(100) as $i ("xxxxxxxxxxxxxxxx"; . + .) | length`, `"x" * 400000000 | length`,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, err := evaluateWithin(ctx, expr, jqDocument)
		cancel()
		want := JQError{Expression: expr, Problem: "it needs more than 256 MiB of memory"}
		var e *JQError
		if !errors.As(err, &e) || *e != want {
			t.Errorf("%s: got %v, want %v", expr, err, &want)
		}
		runtime.GC() // what was left behind counts for the next
	}
}

// A user's interruption is one, and no fault of the expression.
func TestJQInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := evaluateWithin(ctx, "def f: f; f", jqDocument); !errors.Is(err, context.Canceled) || is[*JQError](err) {
		t.Errorf("got %v", err)
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestJQErrorText(t *testing.T) {
	err := CheckJQ(".a |")
	if got, want := err.Error(), `jq expression ".a |": unexpected EOF`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if strings.ContainsRune((&JQError{Expression: "\x1b"}).Error(), '\x1b') {
		t.Error("the expression isn't quoted")
	}
}
