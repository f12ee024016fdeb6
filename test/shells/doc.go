// Package shells types into bash, dash, zsh and fish, each in a real terminal: that they evaluate what `simsid token --env` prints, whatever is
// in the token, and complete what is typed. Its tests are built with the tag real, since they need what `make setup` installs. PowerShell is
// in no Debian package; what is printed for it is tested in internal/cli, by the rules of its manual.
package shells
