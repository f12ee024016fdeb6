package cli

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/word"
)

func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func newCompletionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `Prints a script that completes simsid's commands, flags, profiles and sample
users in bash, zsh, fish or PowerShell.`,
		Example: `  source <(simsid completion bash)                    # this shell
  simsid completion fish > ~/.config/fish/completions/simsid.fish
  simsid completion zsh > "${fpath[1]}/_simsid"
  simsid completion powershell | Out-String | Invoke-Expression`,
		GroupID:     groupSetup,
		Annotations: map[string]string{quickCommand: "", namesProfile: ""},
		Args:        oneArgument("a shell: " + strings.Join(shells(), ", ")),
		ValidArgs:   shells(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCompletion(a, cmd.Root(), args[0])
		},
	}
}

// bashWords are the two functions of the bash-completion package that the script calls, for a bash without that package: as it is on macOS
// and in containers. The package's own come before them. A word goes on behind = and :, which readline would end it at.
const bashWords = `# Without the package bash-completion:
if ! declare -F _get_comp_words_by_ref > /dev/null; then
  _get_comp_words_by_ref() {
    local typed=${COMP_LINE:0:COMP_POINT}
    read -r -a words <<< "$typed"
    if [[ $typed == *[[:space:]] ]]; then words+=(''); fi
    cword=$((${#words[@]} - 1))
    cur=${words[cword]}
    prev=${words[cword > 0 ? cword - 1 : 0]}
  }
fi
if ! declare -F __ltrim_colon_completions > /dev/null; then
  __ltrim_colon_completions() {
    if [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]]; then
      COMPREPLY=("${COMPREPLY[@]#"${1%:*}:"}")
    fi
  }
fi

`

// runCompletion writes the script for the whole tree of commands, of which this run may have made only this one.
func runCompletion(a *app, root *cobra.Command, shell string) error {
	out := a.env.Stdout
	switch shell {
	case "bash":
		return writeBashCompletion(out, root)
	case "zsh":
		return root.GenZshCompletion(out)
	case "fish":
		return root.GenFishCompletion(out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(out)
	}
	u := &usageError{Problem: "there is no completion for " + word.Quote(shell, shells()...), Command: "simsid completion"}
	u.Hint = "the shells are " + strings.Join(shells(), ", ")
	if near := word.Nearest(shell, shells()); near != "" {
		u.Hint = "did you mean: simsid completion " + near
	}
	return u
}

// writeBashCompletion writes cobra's script with two additions. It compares candidates with what is typed as the shell would have to quote
// them, so that a list which is typed with a bare comma, as everybody does, would match nothing.
func writeBashCompletion(out io.Writer, root *cobra.Command) error {
	var script bytes.Buffer
	script.WriteString(bashWords)
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	const quoted, either = `[[ $comp == "$cur"* ]] || continue`, `[[ $comp == "$cur"* || $compline == "$cur"* ]] || continue`
	_, err := out.Write(bytes.Replace(script.Bytes(), []byte(quoted), []byte(either), 1))
	return err
}
