package cli

import (
	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/emulator"
)

// completeProfiles offers the profiles' names.
func (a *app) completeProfiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	names := []string{emulatorProfile}
	if file, err := a.loadConfig(); err == nil {
		names = append(names, file.Names()...)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeUsers offers the emulator's sample users.
func completeUsers(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var users []cobra.Completion
	for _, u := range emulator.Users() {
		users = append(users, cobra.CompletionWithDesc(u.Login, u.About))
	}
	return users, cobra.ShellCompDirectiveNoFileComp
}
