package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/render"
	"github.com/simsid/simsid/internal/scenario"
)

func newEmulatorInitCmd(a *app) *cobra.Command {
	o := &emulatorOptions{}
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write an annotated configuration file",
		Long: `Writes a file for simsid emulator --config, with every key explained. It writes
emulator.toml if nothing else is said, - writes to standard output, and a file
that is there is never written over. With --imis it is for emulator --imis.`,
		Example: `  simsid emulator init
  simsid emulator init test/sts.toml
  simsid emulator init - | less`,
		Annotations: map[string]string{quickCommand: ""},
		Args:        optionalArgument("the name of the new file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "emulator.toml"
			if len(args) == 1 {
				name = args[0]
			}
			return runEmulatorInit(cmd.Context(), a, o, name)
		},
	}
	cmd.Flags().BoolVar(&o.imis, "imis", false, "for a site as iMIS runs one, instead of an STS")
	return cmd
}

func runEmulatorInit(ctx context.Context, a *app, o *emulatorOptions, name string) error {
	if name == "-" {
		_, err := a.env.Stdout.Write(scenario.Example(o.site()))
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // G302: it holds made-up secrets, and others of a team and a container are to read it
	if errors.Is(err, fs.ErrExist) {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("there is a file %s already, which is left as it is", name),
			Hints: []string{"choose another name: simsid emulator init " + o.initFlag() + "FILE", "or see what would be written: simsid emulator init " + o.initFlag() + "-"}}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(scenario.Example(o.site()))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return a.answer(ctx, render.Done{Action: "emulator configured", Text: "The configuration is in " + name + ".",
		Next: []string{"simsid emulator " + o.initFlag() + "--config " + name}})
}
