package render

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// Bounds of one evaluation: an expression may well never end.
const (
	jqTime   = 5 * time.Second
	jqBytes  = 16 << 20  // of results
	jqMemory = 256 << 20 // bytes beyond what the program had before
	jqLook   = 5 * time.Millisecond
)

// JQError says what is wrong with a jq expression, or with what it did to the document.
type JQError struct {
	Expression string
	Problem    string // in words; never with a value of the document, which may be a token
}

func (e *JQError) Error() string { return fmt.Sprintf("jq expression %q: %s", e.Expression, e.Problem) }

// CheckJQ reports, as a *JQError, an expression that isn't one, before anything is done for it.
func CheckJQ(expr string) error {
	_, err := compileJQ(expr)
	return err
}

// compileJQ compiles an expression that can reach nothing but the document: no modules, no environment, no other input.
func compileJQ(expr string) (*gojq.Code, error) {
	query, err := gojq.Parse(expr)
	if err != nil {
		return nil, &JQError{Expression: expr, Problem: err.Error()}
	}
	code, err := gojq.Compile(query, gojq.WithEnvironLoader(func() []string { return nil }))
	if err != nil {
		return nil, &JQError{Expression: expr, Problem: err.Error()}
	}
	return code, nil
}

// evaluate runs an expression over a document: strings come out bare, everything else as compact JSON, one result a line.
func evaluate(ctx context.Context, expr string, doc any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, jqTime)
	defer cancel()
	return evaluateWithin(ctx, expr, doc)
}

// evaluateWithin evaluates for as long as ctx lasts. One operation of an expression can't be interrupted, be it an array of half a
// billion elements: so it runs on its own, and is left behind where it goes beyond a bound. The program ends then.
func evaluateWithin(ctx context.Context, expr string, doc any) ([]byte, error) {
	code, err := compileJQ(expr)
	if err != nil {
		return nil, err
	}
	input, err := plainValue(doc)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type evaluated struct {
		out []byte
		err error
	}
	done := make(chan evaluated, 1)
	before := heapInUse()
	beyond := func() error {
		if used := heapInUse(); used > before && used-before > jqMemory {
			return &JQError{Expression: expr, Problem: fmt.Sprintf("it needs more than %d MiB of memory", jqMemory>>20)}
		}
		return nil
	}
	go func() {
		out, err := runJQ(ctx, expr, code, input)
		done <- evaluated{out, err}
	}()
	look := time.NewTicker(jqLook) //nolint:forbidigo // memory fills in real time, whatever the clock says
	defer look.Stop()
	for {
		select {
		case r := <-done:
			if err := beyond(); err != nil { // whether it ends between two looks must not depend on how busy the machine is
				return nil, err
			}
			return r.out, r.err
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, &JQError{Expression: expr, Problem: jqProblem(ctx.Err(), expr)}
			}
			return nil, ctx.Err()
		case <-look.C:
			if err := beyond(); err != nil {
				return nil, err
			}
		}
	}
}

// heapInUse is how many bytes the program's objects take.
func heapInUse() uint64 {
	// runtime/metrics would tell it without a pause, but costs each start of the program 15 KB, used or not.
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func runJQ(ctx context.Context, expr string, code *gojq.Code, input any) ([]byte, error) {
	var out bytes.Buffer
	for results := code.RunWithContext(ctx, input); ; {
		v, more := results.Next()
		if !more {
			return out.Bytes(), nil
		}
		if err, isError := v.(error); isError {
			var halt *gojq.HaltError
			switch {
			case errors.As(err, &halt) && halt.Value() == nil:
				return out.Bytes(), nil
			case errors.Is(err, context.Canceled):
				return nil, err
			}
			return nil, &JQError{Expression: expr, Problem: jqProblem(err, expr)}
		}
		if err := writeResult(&out, v); err != nil {
			return nil, &JQError{Expression: expr, Problem: err.Error()}
		}
		if out.Len() > jqBytes {
			return nil, &JQError{Expression: expr, Problem: fmt.Sprintf("its results are longer than %d MiB", jqBytes>>20)}
		}
	}
}

// jqProblem says why an expression failed. gojq's own words quote the value that it failed on, in brackets or behind "error:". Of what an
// expression says by error or halt_error, only a string that stands in it is shown: any other may be the document's.
func jqProblem(err error, expr string) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "it took longer than " + Duration(jqTime)
	case errors.As(err, new(*gojq.HaltError)):
		return "it ended itself by halt_error" + ownMessage(err, expr)
	}
	what, _, _ := strings.Cut(err.Error(), " (")
	if strings.HasPrefix(what, "error") {
		return "it called error" + ownMessage(err, expr)
	}
	return what
}

// ownMessage is the string that an error has for its value, behind a colon, where the expression has that string literally; else "".
func ownMessage(err error, expr string) string {
	said, ok := errors.AsType[gojq.ValueError](err)
	if !ok {
		return ""
	}
	message, isString := said.Value().(string)
	if !isString || message == "" {
		return ""
	}
	literal, merr := gojq.Marshal(message)
	if merr != nil || !strings.Contains(expr, string(literal)) {
		return ""
	}
	return ": " + message
}

func writeResult(out *bytes.Buffer, v any) error {
	if s, ok := v.(string); ok {
		out.WriteString(safeLines(s))
		out.WriteByte('\n')
		return nil
	}
	b, err := gojq.Marshal(v)
	if err != nil {
		return err
	}
	out.Write(safeJSON(b))
	out.WriteByte('\n')
	return nil
}

// plainValue turns a document into the maps, slices and numbers that gojq takes.
func plainValue(doc any) (any, error) {
	b, err := encode(doc, "")
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("read the answer back: %w", err)
	}
	return v, nil
}
