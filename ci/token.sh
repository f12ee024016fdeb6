#!/usr/bin/env bash
# Gets an access token for a job of GitHub Actions: masked, and written to the step's output as "token".
set -euo pipefail

options=(--no-input --min-valid "${SIMSID_ACTION_MIN_VALID:-10m}" --github-output token)
if [ -n "${SIMSID_ACTION_PROFILE:-}" ]; then
  options+=(--profile "$SIMSID_ACTION_PROFILE")
fi
exec simsid token "${options[@]}"
