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
		"in /home/j.smith.old/x":                          {"in /home/j.smith.old/x", "in /home/j.smith.old/x"},
		"/home/j.smithers/x":                              {"/home/j.smithers/x", "/home/j.smithers/x"},
		"/run/media/j.smith/stick":                        {"/run/media/j.smith/stick", "/run/media/USER/stick"},
		"/data/j.smith: not a folder":                     {"/data/j.smith: not a folder", "/data/USER: not a folder"},
		"/data/j.smith":                                   {"/data/j.smith", "/data/USER"},
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
		"/home/j.smith/.config/simsid":                      {"/home/j.smith/.local/x and /data/j.smith/y", "~/.local/x and /data/USER/y"},
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
