#!/usr/bin/env bash
# Sees to it that the programs which the tests drive are there: looks for each, installs what is missing with apt-get where it may, and
# otherwise ends with the names of what is missing. Debian's release fixes the versions; nothing here needs a certain one but Node.js.
set -euo pipefail

# A module of Apache's is no program.
modules=${SIMSID_TEST_APACHE_MODULES:-/usr/lib/apache2/modules}

# program=Debian package
needed=(
  age=age                                 # opens what simsid seals
  cc=gcc                                  # the race detector is linked with it
  chromium=chromium                       # the emulator's pages
  certutil=libnss3-tools                  # what Chromium trusts
  dbus-run-session=dbus-daemon            # a session of its own for the keyring
  gnome-keyring-daemon=gnome-keyring      # the real Secret Service
  secret-tool=libsecret-tools             # the keyring from outside, and a measure of its speed
  oidc-agent=oidc-agent-cli               # a measure of the sealed file's speed, and a foreign client of the emulator
  jq=jq                                   # a measure of how fast tokens are read
  dash=dash                               # the shells that evaluate and complete
  zsh=zsh
  fish=fish
  dh_bash-completion=bash-completion
  mod_auth_openidc.so=libapache2-mod-auth-openidc # the same, with the Apache that it brings along
)

fail() {
  printf 'make test: %s\n' "$@" >&2
  exit 1
}

there() { command -v "$1" > /dev/null || [ -e "$modules/$1" ]; }

packages=()
for entry in "${needed[@]}"; do
  there "${entry%%=*}" || packages+=("${entry#*=}")
done
# The compiler without the C library's headers links nothing.
if [[ " ${packages[*]} " == *" gcc "* ]]; then
  packages+=(libc6-dev)
fi

install() {
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null && sudo -n true 2> /dev/null || return 1
    root=(sudo -n)
  fi
  command -v apt-get > /dev/null || return 1
  local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
  "${apt[@]}" update < /dev/null && "${apt[@]}" install --no-install-recommends "$@" < /dev/null
}

if [ ${#packages[@]} -gt 0 ]; then
  echo "installing ${packages[*]}"
  install "${packages[@]}" || fail "these Debian packages are missing and could not be installed: ${packages[*]}" \
    "install them (apt-get install --no-install-recommends ${packages[*]}) and try again"
fi

missing=()
for entry in "${needed[@]}"; do
  there "${entry%%=*}" || missing+=("${entry%%=*} (Debian package ${entry#*=})")
done
node_major=$(node --version 2> /dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p' || true)
if [ "${node_major:-0}" -lt 20 ]; then
  missing+=('node 20 or newer (Debian package nodejs from Debian 13 on)')
fi
command -v npm > /dev/null || missing+=('npm (Debian package npm)')
if [ ${#missing[@]} -gt 0 ]; then
  fail 'these programs are missing:' "${missing[@]/#/  }"
fi
