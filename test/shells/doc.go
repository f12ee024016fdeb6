// Package shells types into bash, dash, zsh and fish, each in a real terminal: that they evaluate what `simsid token --env` prints, whatever is
// in the token, and complete what is typed. Its tests are built with the tag real, since they need what `make setup` installs. PowerShell is in no
// Debian package, and what npm has of it downloads itself from elsewhere: what is printed for it is read by a grammar of its language that other people
// wrote, and compared with what its manual says, but has not been run.
package shells
