#!/usr/bin/env bash
# Runs each fuzz target of the module for a time: fuzz.sh 30s
set -euo pipefail

grep -rl --include='*_test.go' '^func Fuzz' core cmd | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -hoE '^func Fuzz[A-Za-z0-9]+' "$dir"/*_test.go | awk '{ print $2 }' | while read -r target; do
		echo "fuzz: $dir $target for $1"
		go test -run='^$' -fuzz="^$target\$" -fuzztime="$1" -fuzzminimizetime=1s "./$dir"
	done
done
