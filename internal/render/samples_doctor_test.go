package render_test

import "github.com/simsid/simsid/internal/render"

// doctorBroken is an examination with every outcome, and with commands that are too long for where they stand.
func doctorBroken() render.Examined {
	return render.Examined{
		Profile: "school", Kind: "simsid", Title: "SIMS ID", Environment: "sandbox", Issuer: "https://your-sandbox.example/",
		ClientID: "pm-sso-5e0c1a7e-51d1-4e00-8a5e-c0ffee5e1f00", Flow: "AuthorizationCodeWithProofKey", Version: "1.0.0", Platform: "linux/amd64",
		Checks: []render.Examination{
			{ID: "configuration", Name: "configuration", Outcome: render.ExamPassed, Says: "~/.config/simsid/config.toml: 2 profiles"},
			{ID: "port", Name: "port", Outcome: render.ExamFailed, Says: "listen on 127.0.0.1:5454: address already in use",
				More: []string{"[::1]:5454 is free, but a browser may ask for either: both are needed"},
				Mend: []string{
					"another simsid login, or the sample web application, may be running there: end it and try again",
					"to see which program listens: ss -ltnp 'sport = :5454'",
				}},
			{ID: "certificate", Name: "certificate", Outcome: render.ExamWarning, Says: "for localhost, 127.0.0.1, ::1, until 19 February 2029; this machine doesn't trust it, and browsers warn of it",
				More: []string{"SHA-256 AB:CD"}, Mend: []string{"see how to trust it: simsid cert show"}},
			{ID: "tls", Name: "TLS chain", Outcome: render.ExamFailed, Says: `reach the provider: your-sandbox.example: the certificate was issued by "Inspection, of Example School", which this machine doesn't trust`,
				Mend: []string{
					"if that is your organisation's own, as where a network inspects TLS, have its certificate as a file and trust it: --ca-file FILE, or for good: simsid profile edit school --ca-file FILE",
					"if nobody can tell you whose it is, somebody may be reading along: don't sign in from this network",
				}},
			{ID: "rules", Name: "rules", Outcome: render.ExamFailed, Says: "SIMS ID never gives both scopes together", Mend: []string{
				"simsid profile edit school --scope 'openid profile roles partner'",
				"simsid profile edit school --scope 'openid profile roles partner partnermanagementapplication offline_access'",
				"give its address with https://: --issuer https://a-sandbox-with-a-long-name.example/sts/",
			}},
			{ID: "store", Name: "store", Outcome: render.ExamFailed,
				Says: "probe ~/.local/state/simsid/store: write ~/.local/state/simsid/store/school.probe.new-bcaebbc9a127e23a27ac2000e3b15733: no space left on device",
				Mend: []string{"choose a folder that can be written to: export SIMSID_STATE_DIR=FOLDER"}},
			{ID: "clock", Name: "clock", Outcome: render.ExamPassed, Says: "within 20 seconds of the provider's"},
			{ID: "discovery", Name: "discovery", Outcome: render.ExamNotMade, Says: "TLS chain failed"},
			{ID: "keys", Name: "keys", Outcome: render.ExamNotMade, Says: "TLS chain failed"},
			{ID: "client", Name: "client", Outcome: render.ExamNotMade, Says: "TLS chain failed"},
			{ID: "browser", Name: "browser", Outcome: render.ExamWarning, Says: "this is a session over SSH, and none is opened here",
				Mend: []string{"or bring the answer here from your own machine, and open it there: ssh -N -L 5454:127.0.0.1:5454 -p 2222 somebody-with-a-name@192.0.2.1"}},
		},
	}
}

// doctorHealthy is one where nothing is to be said.
func doctorHealthy() render.Examined {
	return render.Examined{
		Profile: "emulator", Kind: "emulator", Title: "the embedded STS", Issuer: "https://emulator.simsid.invalid/", ClientID: "c",
		Flow: "AuthorizationCodeWithProofKey", Version: "1.0.0", Platform: "linux/amd64", Offline: true,
		Checks: []render.Examination{{ID: "lock", Name: "lock", Outcome: render.ExamPassed, Says: "free: no login was ever used"}},
	}
}

// doctorNobody is one of a machine where nothing is configured.
func doctorNobody() render.Examined {
	return render.Examined{
		Version: "1.0.0", Platform: "linux/amd64",
		Checks: []render.Examination{
			{ID: "profile", Name: "profile", Outcome: render.ExamFailed, Says: "nothing is configured yet",
				Mend: []string{"try it without an account: simsid login --emulator", "set up a provider of your own: simsid profile add"}},
			{ID: "dns", Name: "DNS", Outcome: render.ExamNotMade, Says: "profile failed"},
		},
	}
}

// doctorWarned is one with a warning alone.
func doctorWarned() render.Examined {
	v := doctorHealthy()
	v.Checks = append(v.Checks, render.Examination{ID: "terminal", Name: "terminal", Outcome: render.ExamWarning, Says: "50 columns, with colour: narrow for what is shown",
		Mend: []string{"make it at least 60 columns wide"}})
	return v
}
