package cli

import (
	"os"
	"strings"
	"testing"
)

// redactor is the redaction of a user j.smith's machine, with secrets in its variables.
func redactor(ticket bool) func(string) string {
	env := map[string]string{
		"HOME": "/home/j.smith", "USER": "j.smith", clientSecretVariable: "s3cr3t value", "SIMSID_STORE_KEY_FILE": "/home/j.smith/key", "SIMSID_STORE_PASSPHRASE": "short",
	}
	return (&app{env: Env{Getenv: func(name string) string { return env[name] }, ConfigDir: noFolder}}).redaction(ticket)
}

func noFolder() (string, error) { return "", os.ErrNotExist }

func TestDoctorRedaction(t *testing.T) {
	for in, want := range map[string][2]string{ // for people, for a ticket
		"plain words": {"plain words", "plain words"},
		"/home/j.smith/.config/simsid/config.toml:3: x":   {"~/.config/simsid/config.toml:3: x", "~/.config/simsid/config.toml:3: x"},
		"chmod 600 '/home/j.smith/a b'":                   {"chmod 600 ~/'a b'", "chmod 600 ~/'a b'"},
		"in /home/j.smith":                                {"in ~", "in ~"},
		"in /home/j.smith.old/x":                          {"in /home/j.smith.old/x", "in …/x"},
		"/home/j.smithers/x":                              {"/home/j.smithers/x", "…/x"},
		"/run/media/j.smith/stick":                        {"/run/media/j.smith/stick", "/run/media/USER/stick"},
		"/data/j.smith: not a folder":                     {"/data/j.smith: not a folder", "…/USER: not a folder"},
		"/data/j.smith":                                   {"/data/j.smith", "…/USER"},
		`C:\Users\j.smith\x`:                              {`C:\Users\j.smith\x`, `C:\Users\USER\x`},
		"ssh -N -L 1:localhost:1 j.smith@192.0.2.1":       {"ssh -N -L 1:localhost:1 j.smith@192.0.2.1", "ssh -N -L 1:localhost:1 USER@192.0.2.1"},
		"it said s3cr3t value":                            {"it said [masked]", "it said [masked]"},
		"a short word":                                    {"a short word", "a short word"},
		"register https://a.example/cb?tenant=x&y=z now":  {"register https://a.example/cb?tenant=x&y=z now", "register https://a.example/cb?tenant=…&y=… now"},
		`got "https://a.example/?token"`:                  {`got "https://a.example/?token"`, `got "https://a.example/?…"`},
		"https://me:pw@a.example/x":                       {"https://me:pw@a.example/x", "https://…@a.example/x"},
		"HTTPS_PROXY=http://USER:PASSWORD@p.example:3128": {"HTTPS_PROXY=http://USER:PASSWORD@p.example:3128", "HTTPS_PROXY=http://USER:PASSWORD@p.example:3128"},
		"https://a.example/x@y?z=1":                       {"https://a.example/x@y?z=1", "https://a.example/x@y?z=…"},
		"https://a.example/#access_token=x":               {"https://a.example/#access_token=x", "https://a.example/#…"},
		"two: https://a/?a=1, https://b/?b=2":             {"two: https://a/?a=1, https://b/?b=2", "two: https://a/?a=… https://b/?b=…"},
		"is it? yes=no":                                   {"is it? yes=no", "is it? yes=no"},
	} {
		for i, ticket := range []bool{false, true} {
			if got := redactor(ticket)(in); got != want[i] {
				t.Errorf("%q, for a ticket: %t\ngot  %q\nwant %q", in, ticket, got, want[i])
			}
		}
	}
}

// What the user named outside the home folder has its variable's name in a ticket, or no folder.
func TestDoctorRedactionOfFolders(t *testing.T) {
	env := map[string]string{
		"HOME": "/home/j.smith", "SIMSID_CONFIG_DIR": "/people/margaret.ellis/cfg", "SIMSID_STATE_DIR": "/people/margaret.ellis/my st", "SIMSID_STORE_KEY_FILE": "/people/margaret.ellis/key",
		"SSL_CERT_FILE": "/srv/margaret.ellis/ca/all.pem", "BROWSER": "/people/margaret.ellis/bin/web %s:lynx", "SIMSID_STORE_PASSPHRASE_FILE": "margaret/pass",
	}
	for _, test := range []struct{ platform, text, want string }{
		{"linux/amd64", "/people/margaret.ellis/cfg/config.toml: 1 profile", "$SIMSID_CONFIG_DIR/config.toml: 1 profile"},
		{"linux/amd64", "edit line 3 of /people/margaret.ellis/cfg/config.toml", "edit line 3 of $SIMSID_CONFIG_DIR/config.toml"},
		{"linux/amd64", `"/people/margaret.ellis/cfg" isn't a folder`, `"$SIMSID_CONFIG_DIR" isn't a folder`},
		{"linux/amd64", "chmod go-w /people/margaret.ellis/cfg", "chmod go-w $SIMSID_CONFIG_DIR"},
		{"linux/amd64", "chmod go-w /people/margaret.ellis, /people", "chmod go-w $SIMSID_CONFIG_DIR/.., $SIMSID_CONFIG_DIR/../.."},
		{"linux/amd64", "ls -l '/people/margaret.ellis/my st/store/a b'", `ls -l "$SIMSID_STATE_DIR"/'store/a b'`},
		{"linux/amd64", "ls -l '/people/margaret.ellis/my st'", `ls -l "$SIMSID_STATE_DIR"`},
		{"linux/amd64", "open /people/margaret.ellis/my st/store: no", "open $SIMSID_STATE_DIR/store: no"},
		{"linux/amd64", "simsid store keygen /people/margaret.ellis/key", "simsid store keygen …/key"},
		{"linux/amd64", "BROWSER names /people/margaret.ellis/bin/web, lynx", "BROWSER names …/web, lynx"},
		{"linux/amd64", "/srv/margaret.ellis/ca/all.pem, in /srv/margaret.ellis/ca", "…/all.pem, in …"},
		{"linux/amd64", "ca_file: open /data/margaret.ellis/own ca.pem: no", "ca_file: open …/own ca.pem: no"},
		{"linux/amd64", "open margaret/pass: no", "open …/pass: no"},
		{"linux/amd64", "/people/margaret.ellis/cfg.old/x", "…/x"},
		{"linux/amd64", "no document at /a/.well-known/b (HTTP 404)", "no document at /a/.well-known/b (HTTP 404)"},
		{"linux/amd64", "unknown: '/people/margaret.ellis/or else/x' and /people/other/y, (/a/b)", "unknown: '…/x' and …/y, (…/b)"},
		{"linux/amd64", "~/x, /home/j.smith/y, /etc/z/y, /dev/pts/1, linux/amd64, https://a.example/b/c", "~/x, ~/y, /etc/z/y, /dev/pts/1, linux/amd64, https://a.example/b/c"},
		{"windows/amd64", "/people/margaret.ellis/cfg/config.toml", "$env:SIMSID_CONFIG_DIR/config.toml"},
		{"windows/amd64", `D:\margaret\x, "C:\Program Files\x" and C:\x, \\server\share\y`, `…\x, "C:\Program Files\x" and C:\x, …\y`},
	} {
		a := &app{env: Env{Getenv: func(name string) string { return env[name] }, ConfigDir: noFolder, Platform: test.platform}}
		got := a.redaction(true, "/data/margaret.ellis/own ca.pem")(test.text)
		if got != test.want {
			t.Errorf("%q\ngot  %q\nwant %q", test.text, got, test.want)
		}
		if got := a.redaction(false)(test.text); got != strings.ReplaceAll(test.text, "/home/j.smith/", "~/") {
			t.Errorf("for people: %q", got)
		}
	}
}

// A machine without a home or a user's name has nothing to take out, and nothing is taken for it.
func TestDoctorRedactionOfNobody(t *testing.T) {
	for _, env := range []map[string]string{{}, {"HOME": "/"}, {"HOME": ""}} {
		clean := (&app{env: Env{Getenv: func(name string) string { return env[name] }, ConfigDir: noFolder}}).redaction(true)
		const text = "/etc/x and 'quoted' words/1"
		if got := clean(text); got != text {
			t.Errorf("%v: %q", env, got)
		}
	}
}

// Where no variable says it, the folder of the configuration does.
func TestDoctorRedactionWithoutHome(t *testing.T) {
	for dir, texts := range map[string][2]string{
		"/home/j.smith/.config/simsid":                      {"/home/j.smith/.local/x and /data/j.smith/y", "~/.local/x and …/y"},
		"/Users/j.smith/Library/Application Support/simsid": {"/Users/j.smith/x", "~/x"},
		`C:\Users\j.smith\AppData\Roaming\simsid`:           {`C:\Users\j.smith\x`, `~\x`},
		"/etc/simsid": {"/etc/simsid/config.toml", "/etc/simsid/config.toml"},
	} {
		a := &app{env: Env{Getenv: func(string) string { return "" }, ConfigDir: func() (string, error) { return dir, nil }}}
		if got := a.redaction(true)(texts[0]); got != texts[1] {
			t.Errorf("%s: got %q, want %q", dir, got, texts[1])
		}
	}
}

// Whatever the text, nothing of a home folder or of a query is left, and it is taken out once.
func FuzzDoctorRedaction(f *testing.F) {
	for _, s := range []string{"/home/j.smith/x", "https://a/?b=c#d", "://?=@", "'/home/j.smith/'", "/home/j.smith", "https://x?\x00", "a://b@c/d?e&f=g"} {
		f.Add(s)
	}
	clean := redactor(true)
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if strings.Contains(got, "/home/j.smith/") {
			t.Errorf("%q keeps the home folder: %q", s, got)
		}
		if again := clean(got); again != got {
			t.Errorf("%q is cleaned twice: %q, %q", s, got, again)
		}
	})
}
