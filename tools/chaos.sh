#!/usr/bin/env bash
# Kills whatever can be killed for a time, and judges what was told:
#   chaos.sh 180s [SEED]
# The last line is the verdict, the exit status says whether it is good.
set -euo pipefail

duration=${1:?for how long, as in 180s}
seed=${2:-0}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Behind the faults: everything comes to rest, and the judge reads it all.
status=0
go test -tags e2e -count=1 -timeout 0 -v -run '^TestChaos$' ./test/e2e -args -duration="$duration" -seed="$seed" 2>&1 |
	tee "$log" | grep --line-buffered -v '^chaos: ' || status=$?

verdict=$(grep '^chaos: ' "$log" | tail -n 1) || true
if [[ -z $verdict ]]; then
	echo 'chaos: no verdict, the run did not come to its end'
	exit 1
fi
echo "$verdict"
exit "$status"
