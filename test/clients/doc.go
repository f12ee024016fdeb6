// Package clients lets programs that know nothing of simsid sign in to `simsid emulator`, and refresh: npm's certified openid-client,
// Debian's oidc-agent, and a web application behind Debian's mod_auth_openidc with Chromium in front. What they find amiss, the
// applications of integrators would find too. The tests are built with the tag real, since they need what `make setup` installs.
package clients
