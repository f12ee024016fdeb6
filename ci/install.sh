#!/usr/bin/env bash
# Installs one release of simsid into a folder, and prints that folder. Nothing is unpacked before its checksum is right.
#
#   SIMSID_VERSION=1.2.3 SIMSID_RELEASES=https://…/releases/download bash ci/install.sh FOLDER
set -euo pipefail

fail() {
  printf 'install simsid: %s\n' "$@" >&2
  exit 1
}

folder=${1:?the folder to install into}
version=${SIMSID_VERSION:?the release to install, as 1.2.3}
releases=${SIMSID_RELEASES:?the address that the releases lie under}
version=${version#v}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$ ]] || fail "\"$version\" is no version: write it as 1.2.3"

case $(uname -s) in
  Linux) os=linux ;;
  Darwin) os=darwin ;;
  MINGW* | MSYS* | CYGWIN*) os=windows ;;
  *) fail "there is no release for $(uname -s)" ;;
esac
case $(uname -m) in
  x86_64 | amd64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) fail "there is no release for $(uname -m)" ;;
esac
archive=simsid_${version}_${os}_${arch}.tar.gz
program=simsid
if [ "$os" = windows ]; then
  archive=simsid_${version}_${os}_${arch}.zip
  program=simsid.exe
fi
sums=simsid_${version}_SHA256SUMS

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch() {
  # Over https alone; a server of one's own on this machine's loopback may speak http.
  local only='=https'
  [[ $releases =~ ^http://127\.0\.0\.1:[0-9]+(/|$) ]] && only='=http' # and no user name that looks so
  curl --silent --show-error --fail --location --proto "$only" --proto-redir "$only" --retry 3 --max-time 300 \
    --output "$work/$1" "$releases/v$version/$1" || fail "could not read $releases/v$version/$1"
}
fetch "$sums"
fetch "$archive"

# One line, exactly this name: a file of sums that names it twice, or not at all, vouches for nothing.
line=$(awk -v name="$archive" '$2 == name || $2 == "*" name' "$work/$sums")
[ "$(printf '%s\n' "$line" | grep -c .)" = 1 ] || fail "$sums doesn't hold $archive exactly once"
want=${line%% *}
if command -v sha256sum > /dev/null; then
  got=$(sha256sum < "$work/$archive")
else
  got=$(shasum -a 256 < "$work/$archive")
fi
got=${got%% *}
[ "$got" = "$want" ] || fail "the checksum of $archive is wrong: expected $want, got $got"

mkdir -p "$folder"
case $archive in
  *.zip) unzip -q -o -j "$work/$archive" "$program" -d "$folder" ;;
  *) tar -xzf "$work/$archive" -C "$folder" "$program" ;;
esac
[ -x "$folder/$program" ] || fail "$archive holds no program"
if command -v cygpath > /dev/null; then
  cygpath --windows "$folder"
else
  printf '%s\n' "$folder"
fi
