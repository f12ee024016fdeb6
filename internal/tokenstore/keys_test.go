package tokenstore

import (
	"context"

	"github.com/simsid/simsid/internal/token"
)

func phrase(p string) func(context.Context, bool) (SealKey, error) {
	return func(context.Context, bool) (SealKey, error) {
		return SealKey{Passphrase: token.NewSecret(p)}, nil
	}
}
