#!/usr/bin/env bash
# Injects faults into everything for a time, and checks the records:
#   chaos.sh 180s [SEED]
# The last line is the result; the exit status is 0 if there are no errors.
set -euo pipefail

duration=${1:?for how long, as in 180s}
seed=${2:-0}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

status=0
go test -tags e2e -count=1 -timeout 0 -v -run '^TestChaos$' ./test/e2e -args -duration="$duration" -seed="$seed" 2>&1 |
	tee "$log" | grep --line-buffered -v '^chaos: ' || status=$?

result=$(grep '^chaos: ' "$log" | tail -n 1) || true
if [[ -z $result ]]; then
	echo 'chaos: no result; the run did not end'
	exit 1
fi
echo "$result"
exit "$status"
