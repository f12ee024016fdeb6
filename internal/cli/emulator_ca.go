package cli

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/render"
)

func newEmulatorCACmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "ca [FILE]",
		Short: "Export the certificate of the emulator's CA",
		Long: `Prints the certificate of the CA that simsid emulator --https serves by, in PEM,
or writes it to a file. The CA is made if there is none yet, lies in the state
folder, and vouches for localhost, 127.0.0.1 and ::1 alone. simsid trusts it for
profiles of kind emulator; whatever else is to trust it has to be told.`,
		Example: `  simsid emulator ca
  simsid emulator ca ca.pem
  curl --cacert <(simsid emulator ca) https://localhost:8454/emulator/health
  NODE_EXTRA_CA_CERTS=ca.pem npm test`,
		Args: optionalArgument("the name of a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "-"
			if len(args) == 1 {
				name = args[0]
			}
			return runEmulatorCA(cmd.Context(), a, name)
		},
	}
}

func runEmulatorCA(ctx context.Context, a *app, name string) error {
	ca, err := a.emulatorAuthority(ctx)
	if err != nil {
		return err
	}
	if name == "-" {
		_, err := a.env.Stdout.Write(ca.PEM())
		return err
	}
	if err := os.WriteFile(name, ca.PEM(), 0o644); err != nil { //nolint:gosec // G306: a certificate is there to be read
		return err
	}
	return a.answer(ctx, render.Done{Action: "CA exported", Text: "The CA's certificate is in " + name + "."})
}
