//go:build !windows

package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// brokenFiles are faults of files and folders that the user names.
var brokenFiles = []broken{
	{"two variables that are mistyped", func(_ *testing.T, s *setup) {
		s.env["SIMSID_CLIENTID"], s.env["SIMSID_ISUER"], s.env["SIMSID_WHATEVER_ELSE"], s.env["simsid_flow"] = doctorSecret, "x", "y", "z"
	}, "configuration", true, "the variables SIMSID_CLIENTID, SIMSID_ISUER, SIMSID_WHATEVER_ELSE, simsid_flow mean nothing to simsid", "SIMSID_ISUER: did you mean SIMSID_ISSUER?", nil},
	{"a home that isn't there", func(_ *testing.T, s *setup) {
		s.env["HOME"] = filepath.Join(s.home, "gone")
		delete(s.env, "SIMSID_STATE_DIR")
	}, "store", true, "HOME names a folder that isn't there", "export HOME=FOLDER", nil},
	{"a home that is a file", func(_ *testing.T, s *setup) {
		s.env["HOME"] = s.file("home", nil)
		delete(s.env, "SIMSID_STATE_DIR")
	}, "store", false, "HOME names something that is no folder", "export SIMSID_STATE_DIR=FOLDER", nil},
	{"a home that can't be made", func(_ *testing.T, s *setup) {
		s.env["HOME"] = s.file("file", nil) + "/home"
		delete(s.env, "SIMSID_STATE_DIR")
	}, "store", false, "HOME names a folder that can't be looked into: not a directory", "export HOME=FOLDER", nil},
	{"a home that isn't absolute", func(_ *testing.T, s *setup) {
		s.env["HOME"] = "home"
		delete(s.env, "SIMSID_STATE_DIR")
	}, "store", false, "HOME isn't an absolute path", "export SIMSID_STATE_DIR=FOLDER", nil},
	{"a home that holds the configuration and isn't there", func(_ *testing.T, s *setup) {
		s.env["HOME"] = filepath.Join(s.home, "gone")
		delete(s.env, "SIMSID_CONFIG_DIR")
	}, "profile", false, "nothing is configured yet", "simsid profile add", []string{"configuration", "store"}},
	{"a home that is a file and should hold the configuration", func(_ *testing.T, s *setup) {
		s.env["HOME"] = s.file("home", nil)
		delete(s.env, "SIMSID_CONFIG_DIR")
	}, "configuration", false, "HOME names something that is no folder: the configuration can't be kept there", "export SIMSID_CONFIG_DIR=FOLDER", nil},
	{"a ca_file that is a pipe", func(t *testing.T, s *setup) {
		s.profile["issuer"] = s.provider.serve(t, newCA(t).chained(t, nil))
		s.profile["ca_file"] = pipeNamed(t, filepath.Join(s.home, "ca.pem"))
	}, "tls", false, "ca_file: ~/ca.pem: nothing came from it in 2 seconds", "ls -l ~/ca.pem", nil},
	{"a ca_file that isn't there, where nobody answers", func(t *testing.T, s *setup) {
		s.profile["issuer"], s.profile["ca_file"] = fmt.Sprintf("https://127.0.0.1:%d", freePort(t)), filepath.Join(s.home, "nowhere.pem")
	}, "tls", false, "ca_file: open ~/nowhere.pem", "--ca-file \"\"", []string{"connection"}},
	{"a ca_file that isn't there, and plain http", func(_ *testing.T, s *setup) { s.profile["ca_file"] = filepath.Join(s.home, "nowhere.pem") }, "tls", false,
		"ca_file: open ~/nowhere.pem", "simsid profile edit school --ca-file FILE", nil},
	{"a ca_file that is a folder", func(t *testing.T, s *setup) {
		s.profile["issuer"], s.profile["ca_file"] = s.provider.serve(t, newCA(t).chained(t, nil)), s.home
	}, "tls", false, "is a directory", "simsid profile edit school --ca-file FILE", nil},
	{"a ca_file that is a key", func(t *testing.T, s *setup) {
		_, key := pair(t, "localhost", nil)
		s.profile["issuer"], s.profile["ca_file"] = s.provider.serve(t, newCA(t).chained(t, nil)), s.file("key.pem", key)
	}, "tls", false, "there is no certificate in it", "BEGIN CERTIFICATE", nil},
	{"a certificate that isn't there", func(t *testing.T, s *setup) {
		cert, key := pair(t, "localhost", nil)
		s.https(cert, key)
		s.profile["tls_cert"] += "x"
	}, "certificate", false, "tls_cert: open ~/own.pemx: no such file", "simsid profile edit school --tls-cert FILE", nil},
	{"a certificate's key that isn't there", func(t *testing.T, s *setup) {
		cert, key := pair(t, "localhost", nil)
		s.https(cert, key)
		s.profile["tls_key"] += "x"
	}, "certificate", false, "tls_key: open ~/own.keyx: no such file", "simsid profile edit school --tls-cert '' --tls-key ''", nil},
	{"a certificate that is a pipe", func(t *testing.T, s *setup) {
		_, key := pair(t, "localhost", nil)
		s.https(nil, key)
		s.profile["tls_cert"] = pipeNamed(t, filepath.Join(s.home, "cert.pem"))
	}, "certificate", false, "tls_cert: ~/cert.pem: nothing came from it", "ls -l ~/cert.pem", nil},
	{"a certificate in DER", func(t *testing.T, s *setup) {
		cert, key := pair(t, "localhost", nil)
		block, _ := pem.Decode(cert)
		s.https(block.Bytes, key)
	}, "certificate", false, "tls_cert and tls_key: ", "simsid profile edit school --tls-cert cert.pem --tls-key key.pem", nil},
	{"a client's key that isn't there", func(_ *testing.T, s *setup) { s.signs(filepath.Join(s.home, "nowhere.pem")) }, "client", false,
		"the client's private key: open ~/nowhere.pem", "simsid profile edit school --client-key FILE", nil},
	{"a client's key that is a pipe", func(t *testing.T, s *setup) { s.signs(pipeNamed(t, filepath.Join(s.home, "client.pem"))) }, "client", false,
		"nothing came from it in 2 seconds", "ls -l ~/client.pem", nil},
	{"a client's key that is a certificate", func(t *testing.T, s *setup) {
		cert, _ := pair(t, "client", nil)
		s.signs(s.file("client.pem", cert))
	}, "client", false, "neither PEM with a private key nor a JWK", "simsid profile edit school --client-key FILE", nil},
	{"a client's key with a passphrase", func(_ *testing.T, s *setup) {
		s.signs(s.file("client.pem", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{0x30, 0}})))
	}, "client", false, "it is encrypted", "openssl pkcs8 -topk8 -nocrypt -in ~/client.pem", nil},
	{"a client that signs and has no key", func(_ *testing.T, s *setup) { s.signs("") }, "client", false, "has no private key", "--client-key-file FILE", nil},
	{"the store's key is a pipe", func(t *testing.T, s *setup) {
		delete(s.env, "SIMSID_STORE_KEY")
		s.env["SIMSID_STORE_KEY_FILE"] = pipeNamed(t, filepath.Join(s.home, "key"))
	}, "store", false, "nothing came from it in 2 seconds", "SIMSID_STORE_KEY_FILE names that file", nil},
	{"the store's key isn't there", func(_ *testing.T, s *setup) {
		delete(s.env, "SIMSID_STORE_KEY")
		s.env["SIMSID_STORE_KEY_FILE"] = filepath.Join(s.home, "nowhere")
	}, "store", false, "no such file", "simsid store keygen ~/nowhere", nil},
	{"the store's passphrase is empty", func(_ *testing.T, s *setup) {
		delete(s.env, "SIMSID_STORE_KEY")
		s.env["SIMSID_STORE_PASSPHRASE_FILE"] = s.file("passphrase", nil)
	}, "store", false, "holds no secret: it is empty", "SIMSID_STORE_PASSPHRASE_FILE", nil},
	{"the emulator's state is damaged", func(t *testing.T, s *setup) {
		if err := os.MkdirAll(filepath.Join(s.home, "state", "emulator"), 0o700); err != nil {
			t.Fatal(err)
		}
		s.file("state/emulator/state.json", []byte("{"))
		s.env["SIMSID_STORE"], s.args = "file", []string{"-p", "emulator"}
	}, "discovery", true, "the emulator's state ~/state/emulator/state.json can't be used", "simsid login -p emulator", nil},
	{"a folder for a lock", func(t *testing.T, s *setup) {
		if err := os.MkdirAll(filepath.Join(s.home, "state", "store", "school.lock"), 0o700); err != nil {
			t.Fatal(err)
		}
	}, "lock", false, "not a regular file", "mv ~/state/store/school.lock ~/state/store/school.lock.aside", nil},
	{"a record of a later version", func(t *testing.T, s *setup) {
		if err := os.MkdirAll(filepath.Join(s.home, "state", "store"), 0o700); err != nil {
			t.Fatal(err)
		}
		s.file("state/store/school.record.json", []byte(`{"version":99}`))
	}, "store", false, "written by a later version of simsid", "use the newer simsid", nil},
	{"a state folder that leads in a circle", func(t *testing.T, s *setup) {
		if err := os.Symlink("state", filepath.Join(s.home, "state")); err != nil {
			t.Fatal(err)
		}
	}, "store", false, "too many levels of symbolic links", "export SIMSID_STATE_DIR=FOLDER", nil},
	{"the configuration is a pipe", func(t *testing.T, s *setup) {
		pipeNamed(t, s.configPath())
		s.noConfig = true
	}, "configuration", false, "isn't a file", "ls -l ~/config/config.toml", nil},
}

// signs has the client authenticate by a key, from a file if one is named.
func (s *setup) signs(file string) {
	delete(s.env, "SIMSID_CLIENT_SECRET")
	s.profile["client_auth"] = "private_key_jwt"
	if file != "" {
		s.profile["client_key"] = file
	}
}

// brokenServers are those that answer, and not as a provider does.
var brokenServers = []broken{
	{"an SSH server", func(t *testing.T, s *setup) { s.profile["issuer"] = "http://" + says(t, "SSH-2.0-x\r\n", "") }, "connection", false,
		"speaks SSH, not HTTP", "check the issuer's address, with its port", nil},
	{"an SSH server where TLS is to be", func(t *testing.T, s *setup) { s.profile["issuer"] = "https://" + says(t, "SSH-2.0-x\r\n", "") }, "tls", false,
		"doesn't speak TLS, which https needs: it speaks SSH", "check the issuer's address, with its port", nil},
	{"a mail server", func(t *testing.T, s *setup) { s.profile["issuer"] = "http://" + says(t, "220 mail ESMTP\r\n", "") }, "connection", false,
		"speaks FTP or SMTP (mail), not HTTP", "check the issuer's address", nil},
	{"a server that nobody knows", func(t *testing.T, s *setup) { s.profile["issuer"] = "http://" + says(t, "\x1b[31mhello", "") }, "connection", false,
		`begins with "\x1b[31mhello", not HTTP`, "check the issuer's address", nil},
	{"a server that closes at once", func(t *testing.T, s *setup) { s.profile["issuer"] = "http://" + says(t, "", "") }, "connection", false,
		"closes each connection without an answer", "to see which program listens", nil},
	{"a server that closes at once where TLS is to be", func(t *testing.T, s *setup) { s.profile["issuer"] = "https://" + says(t, "", "") }, "connection", false,
		"closes each connection without an answer", "to see which program listens", nil},
	{"a server that breaks off", func(t *testing.T, s *setup) { s.profile["issuer"] = "http://" + says(t, "RESET", "") }, "connection", false,
		"breaks each connection off (reset)", "to see which program listens", nil},
	{"TLS where plain HTTP was meant", func(t *testing.T, s *setup) {
		s.profile["issuer"] = "http://" + says(t, "", "\x15\x03\x01\x00\x02\x02\x46")
	}, "connection", false,
		"speaks TLS, not HTTP", "simsid profile edit school --issuer https://127.0.0.1:", nil},
	{"plain HTTP where TLS was meant", func(_ *testing.T, s *setup) {
		s.profile["issuer"] = strings.Replace(s.profile["issuer"], "http:", "https:", 1)
	}, "tls", false, "it speaks plain HTTP", "simsid profile edit school --issuer http://127.0.0.1:", nil},
	{"an old TLS", func(t *testing.T, s *setup) {
		s.profile["issuer"] = "https://" + says(t, "", "\x15\x03\x01\x00\x02\x02\x46")
	}, "tls", false,
		"takes no connection by TLS 1.2 or newer", "simsid profile show school", nil},
	{"a certificate that has no name", func(t *testing.T, s *setup) {
		ca := newCA(t)
		s.profile["ca_file"] = ca.file
		s.profile["issuer"] = s.provider.serve(t, ca.chained(t, func(c *x509.Certificate) { c.IPAddresses = nil }))
	}, "tls", false, "127.0.0.1", "simsid profile show school", nil},
}

// says serves connections that begin with a greeting, or answer each first request with the same, and then end; "RESET" breaks them off,
// and "HANG" answers by HTTP whoever asks for no metadata, and keeps the others waiting.
func says(t *testing.T, greeting, answer string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if tcp, ok := c.(*net.TCPConn); ok && greeting == "RESET" {
					_ = tcp.SetLinger(0)
					return
				}
				if answer == "HANG" {
					asked := make([]byte, 4096)
					if n, _ := c.Read(asked); strings.Contains(string(asked[:n]), "well-known") {
						_, _ = c.Read(asked) // until whoever asked has had enough
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.0 404 Not Found\r\n\r\n")
					return
				}
				_, _ = io.WriteString(c, greeting)
				if answer != "" || greeting != "" {
					_, _ = c.Read(make([]byte, 4096)) // what is left unread would break the connection off
				}
				_, _ = io.WriteString(c, answer)
			}()
		}
	}()
	return l.Addr().String()
}

// Whatever is checked, nothing is there afterwards that wasn't before.
func TestDoctorLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*setup){
		"a fresh machine": func(s *setup) { s.noConfig = true },
		"the emulator":    func(s *setup) { s.args = []string{"-p", "emulator"} },
		"the emulator, whose state is damaged": func(s *setup) {
			s.args = []string{"-p", "emulator"}
			if err := os.MkdirAll(filepath.Join(s.home, ".local", "state", "simsid", "emulator"), 0o700); err != nil {
				s.t.Fatal(err)
			}
			s.file(".local/state/simsid/emulator/state.json", []byte("{"))
		},
		"the emulator of iMIS": func(s *setup) { s.args = []string{"-p", "emulator-imis"} },
		"a sealed file":        func(*setup) {},
		"https": func(s *setup) {
			s.profile["redirect_uri"] = fmt.Sprintf("https://localhost:%d/", freePort(s.t))
		},
		"a home that isn't there": func(s *setup) { s.env["HOME"] = filepath.Join(s.home, "gone") },
		"no home":                 func(s *setup) { s.env["HOME"] = "home" },
		"a state folder that isn't there": func(s *setup) {
			s.env["SIMSID_STATE_DIR"] = filepath.Join(s.home, "some", "where", "else")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			delete(s.env, "SIMSID_STATE_DIR")
			if spoil(s); !s.noConfig {
				s.write()
			}
			before := tree(t, s.home)
			s.examine()
			if after := tree(t, s.home); after != before {
				t.Errorf("before:\n%safter:\n%s", before, after)
			}
			if _, err := os.Lstat("home"); err == nil {
				t.Error("a folder below the one that it was called in")
			}
		})
	}
}

// tree lists what is in a folder.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			fmt.Fprintln(&b, strings.TrimPrefix(path, dir), d.Type())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
