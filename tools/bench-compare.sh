#!/usr/bin/env bash
# Compares the Go benchmarks of the working tree with those of a commit, by
# turns, so that both meet the same moods of the machine. Benchmarks that only
# one of them has are left out by benchstat's geometric mean.
#
#   tools/bench-compare.sh BASE [REGEXP] [PACKAGE...]
set -euo pipefail
cd "$(dirname "$0")/.."
base=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "BASE is no commit: '$1'" >&2; exit 2; }
regexp=${2:-.}
packages=("${@:3}")
(( ${#packages[@]} )) || packages=(./...)
rounds=${ROUNDS:-6} # benchstat wants six to tell a difference from noise

dir=$(mktemp -d)
trap 'git worktree remove --force "$dir/checkout"; rm -rf "$dir"' EXIT
git worktree add --quiet --detach "$dir/checkout" "$base"

measure() { # FOLDER OUTPUT
	go -C "$1" test -run='^$' -bench="$regexp" -benchmem -benchtime="${BENCHTIME:-200ms}" "${packages[@]}" |
		grep -E '^(goos|goarch|pkg|cpu|Benchmark)' >>"$dir/$2"
}
for ((round = 1; round <= rounds; round++)); do
	echo "round $round of $rounds" >&2
	measure "$dir/checkout" base
	measure . tree
done
go tool -modfile=tools/go.mod benchstat base="$dir/base" tree="$dir/tree"
