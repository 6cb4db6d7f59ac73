#!/usr/bin/env bash
# Passes on the output of "go test", and ends with the packages that took longest.
set -euo pipefail
took=()
while IFS= read -r line; do
	printf '%s\n' "$line"
	if [[ $line =~ ^(ok|FAIL)[[:space:]]+([^[:space:]]+)[[:space:]]+([0-9.]+s)([[:space:]]|$) ]]; then
		took+=("${BASH_REMATCH[3]}"$'\t'"${BASH_REMATCH[2]}")
	fi
done
[ ${#took[@]} -gt 0 ] || exit 0
printf '\nslowest packages:\n'
printf '%s\n' "${took[@]}" | sort -rn | sed -n 1,8p
