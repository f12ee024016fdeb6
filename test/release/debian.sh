#!/usr/bin/env bash
# A newcomer's first minute, on a Debian that was made for it: nothing installed but what every Debian has, no keyring, no browser, no terminal,
# and no HOME. The package is installed there, a new user signs in and uses the login, and the package is removed.
#
#   bash test/release/debian.sh dist/simsid_…_amd64.deb
#
# It needs root and debootstrap. Where Debian comes from is what apt is configured with on this machine.
set -euo pipefail

fail() {
  printf 'debian: %s\n' "$@" >&2
  exit 1
}

deb=${1:?the package to install}
[ -f "$deb" ] || fail "there is no package $deb: make snapshot builds it"
[ "$(id -u)" = 0 ] || fail 'only root can change into another root folder: run it as root'
missing=()
for program in debootstrap chroot apt-get apt-config dpkg; do
  command -v "$program" > /dev/null || missing+=("$program")
done
[ ${#missing[@]} -eq 0 ] || fail "these programs are missing: ${missing[*]} (apt-get install --no-install-recommends debootstrap)"

# The first source of Debian's own main part, which isn't one of updates, and the proxy that apt takes.
read -r mirror suite < <(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT) $(LABEL)' 'Created-By: Packages' |
  awk '$3 == "main" && $4 == "Debian" && $2 !~ /-/ { print $1, $2; exit }') || fail "apt has no source of Debian's main part: apt-get update, or look into /etc/apt/sources.list"
eval "$(apt-config shell proxy Acquire::http::Proxy)"
if [ -n "${proxy:-}" ]; then
  export http_proxy=$proxy
fi

root=$(mktemp -d)
chmod 755 "$root"
trap 'rm -rf "$root"' EXIT
echo "debian: a fresh $suite"
debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$root.log" 2>&1 || {
  tail -n 20 "$root.log" >&2
  fail "debootstrap can't make a Debian of $mirror"
}
rm -f "$root.log"

cp "$deb" "$root/simsid.deb"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
inside dpkg --install /simsid.deb > /dev/null
inside useradd --create-home newcomer
# As the new user, with nothing in the environment but the PATH.
user() { chroot --userspec=newcomer:newcomer "$root" env -i PATH=/usr/bin:/bin "$@" < /dev/null; }

check() { # TEXT PATTERN COMMAND…: the command succeeds and shows the pattern
  local text=$1 pattern=$2 code=0
  shift 2
  user "$@" < /dev/null > "$root/out" 2>&1 || code=$?
  if [ "$code" -ne 0 ] || ! grep -Eq -- "$pattern" "$root/out"; then
    cat "$root/out" >&2
    fail "$text: $* ends with $code and doesn't show $pattern"
  fi
  echo "debian: $text: ok"
}
check 'the program runs' '^simsid ' simsid version
check 'the bare command says what to type' 'simsid login --emulator' simsid
check 'a login' 'Signed in to the embedded STS as ' simsid login --emulator
check 'who is signed in' '^emulator: signed in' simsid status
check 'a token' '^eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$' simsid token -p emulator
# shellcheck disable=SC2016 # the other shell's variable
check 'a command with it' '^with eyJ' simsid exec -p emulator -- sh -c 'echo "with $SIMSID_ACCESS_TOKEN"'
check 'what is in it' ': verified' simsid decode -p emulator
check 'what stands in the way of a login' 'emulator' simsid doctor -p emulator
check 'its manual' 'SIMSID' cat /usr/share/man/man1/simsid.1
check 'the pages of its topics' 'SIMSID-SCOPES' cat /usr/share/man/man7/simsid-scopes.7
check 'a sign-out' 'Signed out' simsid logout -p emulator

inside dpkg --purge simsid > /dev/null
for left in usr/bin/simsid usr/share/man/man1/simsid.1 usr/share/bash-completion/completions/simsid usr/share/doc/simsid; do
  [ ! -e "$root/$left" ] || fail "/$left is still there after the package has gone"
done
if user simsid version > /dev/null 2>&1; then
  fail 'the program still runs after its package has gone'
fi
echo 'debian: removed: ok'
