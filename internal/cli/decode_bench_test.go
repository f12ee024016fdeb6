package cli

import (
	"bytes"
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// BenchmarkDecode is decode of one token from standard input, without the start of a process.
func BenchmarkDecode(b *testing.B) {
	const claims = `{"iss":"https://emulator.simsid.invalid/","aud":"https://emulator.simsid.invalid/resources","exp":1795296942,"nbf":1795293342,
"client_id":"pm-sso-1","scope":["openid","profile","roles","partner","partnermanagementapplication","offline_access"],
"sub":"1001|5F1C0000-0000-4000-8000-0000000000aa|head|SIMS|7a1e0000-0000-4000-8000-0000000000bb","auth_time":1795293302,"idp":"idsrv",
"name":"Helen Head","provider":"SIMSID","providerid":"1001","providername":"SIMS ID","multipleorganisations":"false","site":"8234001",
"role":"admin@a87b0000-0000-4000-8000-000000000002","userorganisationidentifier":"c4980000-0000-4000-8000-000000000001|a87b0000-0000-4000-8000-000000000002|S",
"applicationid":"a","applicationname":"simsid","vendorid":"v","amr":["password"]}`
	text := compactOf(goodHead, claims)
	for b.Loop() {
		var out, errs bytes.Buffer
		code := Main(context.Background(), Env{
			Args: []string{"decode"}, Stdin: strings.NewReader(text), Stdout: &out, Stderr: &errs, StdinPiped: true,
			Width: func() int { return 0 }, Getenv: func(string) string { return "" },
			ConfigDir: func() (string, error) { return "", fs.ErrNotExist }, StateDir: func() (string, error) { return "", fs.ErrNotExist },
			ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
			Now:      func() time.Time { return time.Unix(1795293342, 0) }, Location: func() *time.Location { return time.UTC },
			Interruptible: func(ctx context.Context) context.Context { return ctx },
		})
		if code != exitDone {
			b.Fatal(errs.String())
		}
	}
}
