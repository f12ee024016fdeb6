#!/bin/sh
# A shell script against the emulator: it starts an STS on a free port, gets a token for the client itself, asks what is in it,
# and sees how its own code takes an STS that is down. It needs simsid and curl.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)

simsid emulator --config "$here/sts.toml" --port 0 --ready-file "$work/ready.json" >"$work/out" 2>"$work/log" &
sts=$!
trap 'kill $sts 2>/dev/null || true; wait $sts || true; rm -rf "$work"' EXIT

# It is ready when the file is there; a moment is enough.
tries=0
until [ -s "$work/ready.json" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 $sts; then
        cat "$work/log" >&2
        exit 1
    fi
    sleep 0.1
done
ready() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' "$work/ready.json"; }
issuer=$(ready issuer)
faults=$(ready faults)
token=$(ready faults_token)

ask() { curl --silent --show-error --fail "$@"; }

# A token of the client's own, for one organisation.
access=$(ask "${issuer}connect/token" -d grant_type=client_credentials -d client_id=sync -d client_secret=sync-secret \
    -d scope=partnerserverapplication -d acr_values=orgselected:a87b0000-0000-4000-8000-000000000002 |
    sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
ask "${issuer}connect/accesstokenvalidation" -d "token=$access" | grep -q '"client_id":"sync"'
echo "a token for sync: ok"

# The STS is down, once.
ask "$faults" -H "Authorization: Bearer $token" -d '{"kind": "status", "status": 503, "endpoint": "token", "times": 1}' >/dev/null
status=$(curl --silent --output /dev/null --write-out '%{http_code}' "${issuer}connect/token" -d grant_type=client_credentials \
    -d client_id=sync -d client_secret=sync-secret -d scope=partnerserverapplication)
[ "$status" = 503 ]
echo "an STS that is down: ok"

# It ends when it is told to, with exit code 0.
kill -TERM $sts
wait $sts
trap 'rm -rf "$work"' EXIT
echo "the end: ok"
