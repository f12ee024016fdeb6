#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time, one after the other. Fails where a target fails, and where there is none,
# which would mean that they are no longer found.
set -euo pipefail
cd "$(dirname "$0")/../.."
fuzztime=${1:?usage: run.sh TIME, as in 10s}

# Assignments, not process substitutions: a package that doesn't compile must end the run, not drop out of it.
packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... < /dev/null)
found=0
for package in $packages; do
  listed=$(go test -list '^Fuzz' "$package" < /dev/null)
  for target in $(grep '^Fuzz' <<< "$listed" || true); do
    found=$((found + 1))
    echo "fuzz ${package#github.com/simsid/simsid/} $target for $fuzztime"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" "$package" < /dev/null
  done
done

if [ "$found" -eq 0 ]; then
  echo 'no fuzz target was found' >&2
  exit 1
fi
echo "$found fuzz targets held"
