package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/render"
)

func newVersionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Which simsid this is",
		Example: `  simsid version
  simsid version --jq .version`,
		GroupID:     groupSetup,
		Annotations: map[string]string{quickCommand: "", namesProfile: ""},
		Args:        noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runVersion(cmd.Context(), a)
		},
	}
}

func runVersion(ctx context.Context, a *app) error {
	b := a.env.Build()
	return a.answer(ctx, render.Version{Version: b.Version, Commit: b.Commit, Date: b.Date, Go: b.Go, Platform: a.env.Platform})
}
