#!/usr/bin/env bash
# Attacks the program, as every test does whose name begins with TestHostile:
#   hostile.sh              once
#   hostile.sh DURATION     again and again, with other numbers each time, for 1h or 600 (seconds)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-0}" in
*h) seconds=$((${1%h} * 3600)) ;;
*m) seconds=$((${1%m} * 60)) ;;
*) seconds=${1:-0} seconds=${seconds%s} ;;
esac
export HOSTILE=true # delays are checked, too: nothing else runs beside the attacks
end=$((SECONDS + seconds))
for ((round = 0; round == 0 || SECONDS < end; round++)); do
	echo "=== round $round"
	HOSTILE_SEED=$round go test -p 1 -count=1 -timeout 30m -run '^TestHostile' ./... |
		{ grep -v 'no test files\|no tests to run' || true; }
done
