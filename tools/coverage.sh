#!/usr/bin/env bash
# Fails when less than PERCENT of the statements of core are covered, leaving out
# what only tests use: coverage.sh PROFILE PERCENT
set -euo pipefail

profile=$1 percent=$2
grep -vE '/core/.*(emittest|otlptest|apiscript)/' "$profile" >"$profile.core"
total=$(go tool cover -func="$profile.core" | awk '$1 == "total:" { sub("%", "", $3); print $3 }')
rm "$profile.core"
echo "coverage of core: $total % (at least $percent %)"
awk -v total="$total" -v percent="$percent" 'BEGIN { exit !(total >= percent) }'
