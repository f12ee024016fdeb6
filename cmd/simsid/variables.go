package main

import "os"

// variables are the process's environment, without the secrets in it: a browser that simsid starts would inherit them, and whoever may
// look at that process could read them there for as long as it runs.
type variables struct{ secret map[string]string }

// takeSecrets takes the secrets out of the environment of this process.
func takeSecrets() variables {
	v := variables{map[string]string{}}
	for _, name := range []string{
		"SIMSID_CLIENT_SECRET", "SIMSID_INTROSPECTION_SECRET", "SIMSID_REFRESH_TOKEN", "SIMSID_STORE_KEY", "SIMSID_STORE_PASSPHRASE",
		"SIMSID_ACCESS_TOKEN", "SIMSID_ID_TOKEN", // which exec gives to what it runs, and that may be simsid again
	} {
		if value, ok := os.LookupEnv(name); ok && os.Unsetenv(name) == nil {
			v.secret[name] = value
		}
	}
	return v
}

// get reads a variable, secret or not.
func (v variables) get(name string) string {
	if value, ok := v.secret[name]; ok {
		return value
	}
	return os.Getenv(name)
}

// all are the variables as this process was given them, for a program that the user has it run.
func (v variables) all() []string {
	env := os.Environ()
	for name, value := range v.secret {
		env = append(env, name+"="+value)
	}
	return env
}
