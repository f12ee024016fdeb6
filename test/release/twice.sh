#!/usr/bin/env bash
# Builds the release of the checked-out commit twice and compares every file that people would download, and the programs in them, byte for
# byte. The two have nothing in common but the commit: another folder, another cache (so that everything is compiled twice), another time zone,
# language and mask of permissions, and, where the system lets its name be another for a while, another host.
#
#   PATH=.tools/bin:$PATH bash test/release/twice.sh
set -euo pipefail

command -v goreleaser > /dev/null || { echo 'twice: goreleaser is missing: make tools builds it' >&2; exit 1; }
repository=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A system of another name, for one command.
elsewhere=()
for way in --uts '--map-root-user --uts'; do
  # shellcheck disable=SC2086 # two options
  if unshare $way hostname elsewhere 2> /dev/null; then
    # shellcheck disable=SC2016,SC2206
    elsewhere=(unshare $way sh -c 'hostname elsewhere; exec "$@"' sh)
    break
  fi
done
[ ${#elsewhere[@]} -gt 0 ] || echo "twice: both are built on $(uname -n), since its name can't be changed here"

build() { # FOLDER, and what the build runs under
  local folder=$1
  shift
  mkdir -p "$(dirname "$folder")"
  git clone --quiet --no-hardlinks -c advice.detachedHead=false "$repository" "$folder"
  git -C "$folder" checkout --quiet --detach "$(git -C "$repository" rev-parse HEAD)"
  # All that a build reads; modules come from the one cache, which go.sum holds to what they are.
  (cd "$folder" && GOCACHE="$work/cache of $(basename "$folder")" "$@" \
    goreleaser release --snapshot --clean --skip=sbom,sign,publish,announce > "$work/log" 2>&1) || { cat "$work/log" >&2; exit 1; }
  # No second cache while the next one is built.
  chmod -R u+w "$work/cache of $(basename "$folder")"
  rm -rf "$work/cache of $(basename "$folder")"
}

files() { # what of dist is for people, and the programs as they were linked; the rest of it describes the build
  (cd "$1/dist" && find . -type f ! -name config.yaml ! -name artifacts.json ! -name metadata.json | LC_ALL=C sort)
}

one="$work/one"
two="$work/another place/further down/two"
echo 'building once'
umask 022
build "$one" env TZ=UTC LC_ALL=C
echo 'and again'
umask 077
build "$two" "${elsewhere[@]}" env TZ=Pacific/Auckland LC_ALL=C.UTF-8

if ! diff <(files "$one") <(files "$two"); then
  echo 'twice: the two builds have other files' >&2
  exit 1
fi
different=0 count=0
while IFS= read -r file; do
  count=$((count + 1))
  cmp "$one/dist/$file" "$two/dist/$file" || different=$((different + 1))
done < <(files "$one")
if [ "$count" -lt 15 ]; then
  echo "twice: only $count files were built" >&2
  exit 1
fi
if [ "$different" -gt 0 ]; then
  echo "twice: $different of $count files differ" >&2
  exit 1
fi
echo "twice: $count files are the same"
