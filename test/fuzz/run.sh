#!/usr/bin/env bash
# Runs every fuzz target of the module, or of the packages that are named, for the given time, one after the other. Fails where a target
# fails, and where there is none,
# which would mean that they are no longer found.
set -euo pipefail
cd "$(dirname "$0")/../.."
fuzztime=${1:?usage: run.sh TIME [PACKAGE...], as in 10s}
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz runs a target of a package. Up to Go 1.26 a run whose time is up may fail with nothing but "context deadline exceeded" when the
# machine is busy (golang/go#75804): that alone, with no failing input, is the end of the time and not a failure.
fuzz() {
  go test -run '^$' -fuzz "^$2\$" -fuzztime "$fuzztime" -fuzzminimizetime 100x "$1" < /dev/null 2>&1 | tee "$log" && return 0
  [ "$(grep -A1 '^--- FAIL' "$log" | tail -n 1)" = '    context deadline exceeded' ] || return 1
  [ "$(grep -c -e '^ *--- FAIL' "$log")" -eq 1 ] || return 1
  ! grep -q -e 'Failing input' -e '^panic:' "$log" || return 1
  echo 'the time was up'
}

# Assignments, not process substitutions: a package that doesn't compile must end the run, not drop out of it.
packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' "${@:-./...}" < /dev/null)
found=0
for package in $packages; do
  listed=$(go test -list '^Fuzz' "$package" < /dev/null)
  for target in $(grep '^Fuzz' <<< "$listed" || true); do
    found=$((found + 1))
    echo "fuzz ${package#github.com/simsid/simsid/} $target for $fuzztime"
    fuzz "$package" "$target" || exit 1
  done
done

if [ "$found" -eq 0 ]; then
  echo 'no fuzz target was found' >&2
  exit 1
fi
echo "$found fuzz targets held"
