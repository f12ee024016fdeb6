package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/simsid/simsid/internal/certificate"
	"github.com/simsid/simsid/internal/render"
)

func newCertCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cert",
		Short: "The certificate for https on this machine",
		Long: `Where a client is registered with a redirect URI like https://localhost:5454/,
simsid listens for it with a certificate that it makes for this machine: for
localhost, 127.0.0.1 and ::1, no authority, and renewed before it ends. Browsers
warn of it until they are told to trust it.`,
		Example: `  simsid cert show
  simsid cert export simsid.pem
  simsid cert renew`,
		GroupID: groupSetup,
		RunE:    parent,
	}
	cmd.AddCommand(newCertShowCmd(a), newCertExportCmd(a), newCertRenewCmd(a))
	return cmd
}

func newCertShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show",
		Short:   "Show the certificate, and how to trust it on each system",
		Example: "  simsid cert show",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			place, err := a.certificatePlace()
			if err != nil {
				return err
			}
			c, err := place.Load()
			if err != nil {
				return err
			}
			return a.answer(cmd.Context(), a.certificateView(place, c))
		},
	}
}

func newCertExportCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "export [FILE]",
		Short: "Write the certificate, without its key, for a trust store",
		Long: `Writes the certificate as PEM to FILE, or without FILE to standard output. Its
key is never written. Where there is no certificate yet it is made.`,
		Example: `  simsid cert export simsid.pem
  simsid cert export | openssl x509 -noout -text`,
		Args: optionalArgument("the name of the new file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runCertExport(cmd.Context(), a, slices.Concat(args, []string{""})[0])
		},
	}
}

func runCertExport(ctx context.Context, a *app, name string) error {
	place, err := a.certificatePlace()
	if err != nil {
		return err
	}
	c, _, err := place.Ensure()
	if err != nil {
		return err
	}
	if name == "" {
		_, err := a.env.Stdout.Write(c.PEM())
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a certificate is for everybody to read
	if errors.Is(err, os.ErrExist) {
		return &hintedError{Code: exitUsage, Text: fmt.Sprintf("%s is there already, and is left as it is", name), Hints: []string{"choose another name"}}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(c.PEM())
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return a.answer(ctx, render.Done{Action: "certificate exported", Text: "The certificate, without its key, is in " + name + ".",
		Next: []string{"simsid cert show  # how to trust it"}})
}

func newCertRenewCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "renew",
		Short:   "Make a new certificate with a new key",
		Long:    "Makes a new certificate in place of the one there is. What trusts the old one\nhas to be told to trust the new one.",
		Example: "  simsid cert renew",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			place, err := a.certificatePlace()
			if err != nil {
				return err
			}
			c, err := place.Renew()
			if err != nil {
				return err
			}
			return a.answer(cmd.Context(), a.certificateView(place, c))
		},
	}
}

func (a *app) certificateView(place certificate.Place, c *certificate.Certificate) render.CertificateShown {
	return render.CertificateShown{
		Path: shortenHome(place.Path(), a.env.Getenv("HOME")), Fingerprint: c.Fingerprint(), Names: c.Names(),
		NotBefore: c.Leaf.NotBefore, NotAfter: c.Leaf.NotAfter, RenewedFrom: c.Leaf.NotAfter.Add(-certificate.RenewBefore),
	}
}
