package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/simsid/simsid/internal/token"
	"github.com/simsid/simsid/internal/word"
)

// outputFileVariable is where GitHub says to which file a step writes its outputs.
const outputFileVariable = "GITHUB_OUTPUT"

// openStepOutput opens the file of the step's outputs, before a token is asked for.
func (a *app) openStepOutput(name string) (*os.File, error) {
	if !isOutputName(name) {
		return nil, &usageError{Problem: "--github-output " + word.Quote(name) + ": an output's name has letters, digits, '_' and '-'", Command: "simsid token"}
	}
	if a.env.StdoutNull() {
		return nil, &usageError{Problem: "--github-output needs standard output, by which the runner learns what to mask, and here it is closed or the null device", Command: "simsid token"}
	}
	path := a.env.Getenv(outputFileVariable)
	if path == "" {
		return nil, &hintedError{Code: exitUsage, Text: "--github-output is for a step of GitHub Actions, which names a file in " + outputFileVariable,
			Hints: []string{"elsewhere: simsid token, and whatever masks secrets there"}}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
	if err != nil {
		return nil, &hintedError{Code: exitUsage, Text: fmt.Sprintf("%s names %s, which can't be written: %s", outputFileVariable, path, reason(err))}
	}
	return f, nil
}

// isOutputName takes the names that an expression of a workflow can hold.
func isOutputName(name string) bool {
	return isVariableName(strings.ReplaceAll(name, "-", "_")) && !strings.HasPrefix(name, "-")
}

// giveStepOutput has the runner mask a token in every log from here on, and then gives it to the step. This is the one place that prints a
// command for the runner: in the output of anything else it would be taken for the answer.
func giveStepOutput(stdout io.Writer, output *os.File, name string, t token.Secret) error {
	// The runner decodes what it reads behind a command.
	encoded := strings.NewReplacer("%", "%25").Replace(t.Reveal())
	if _, err := io.WriteString(stdout, "::add-mask::"+encoded+"\n"); err != nil {
		return errors.Join(err, output.Close())
	}
	_, err := output.WriteString(lineEnd(output) + name + "=" + t.Reveal() + "\n")
	return errors.Join(err, output.Close())
}

// lineEnd is what ends the last line of a file that an earlier program left without an end: the token would become a part of that program's output.
func lineEnd(f *os.File) string {
	last := make([]byte, 1)
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return ""
	}
	if _, err := f.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return ""
	}
	return "\n"
}
