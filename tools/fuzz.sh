#!/usr/bin/env bash
# Runs each fuzz target of the module for a time: fuzz.sh 30s
set -euo pipefail

# Before Go 1.27 the fuzzer may take the end of its time for a failure, with
# nothing but "context deadline exceeded" and no input to show for it
# (https://go.dev/issue/75804). A real failure writes its input down.
fuzz() {
	local log
	log=$(mktemp)
	if go test -run='^$' -fuzz="^$2\$" -fuzztime="$3" -fuzzminimizetime=1s "./$1" 2>&1 | tee "$log" | grep -v '^fuzz: elapsed'; then
		rm "$log"
		return
	fi
	if grep -q 'context deadline exceeded' "$log" && ! grep -q 'Failing input written' "$log"; then
		echo "fuzz: $2 found nothing; the fuzzer's own end is https://go.dev/issue/75804"
		rm "$log"
		return
	fi
	rm "$log"
	return 1
}

while read -r dir; do
	for target in $(grep -hoE '^func Fuzz[A-Za-z0-9]+' "$dir"/*_test.go | awk '{ print $2 }'); do
		echo "fuzz: $dir $target for $1"
		fuzz "$dir" "$target" "$1"
	done
done < <(grep -rl --include='*_test.go' '^func Fuzz' core cmd plugins proto | xargs -n1 dirname | sort -u)
