package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
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

// runCompletion writes the script for the whole tree of commands, of which this run may have made only this one.
func runCompletion(a *app, root *cobra.Command, shell string) error {
	out := a.env.Stdout
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(out, true)
	case "zsh":
		return root.GenZshCompletion(out)
	case "fish":
		return root.GenFishCompletion(out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(out)
	}
	u := &usageError{Problem: fmt.Sprintf("there is no completion for %q", shell), Command: "simsid completion"}
	if slices.Contains(shells(), strings.ToLower(shell)) {
		u.Hint = "simsid completion " + strings.ToLower(shell)
	}
	return u
}
