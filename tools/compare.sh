#!/usr/bin/env bash
# Builds the program of the working tree and of a commit, and compares what both emit
# and store for the same random pod lives.
#
#   tools/compare.sh BASE [PODS [SEED]]
set -euo pipefail
cd "$(dirname "$0")/.."
base=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "BASE is not a commit: '$1'" >&2; exit 2; }

dir=$(mktemp -d)
trap 'git worktree remove --force "$dir/checkout"; rm -rf "$dir"' EXIT
git worktree add --quiet --detach "$dir/checkout" "$base"

build() { # FOLDER OUTPUT: the version is in records, and so the same for both
	CGO_ENABLED=0 go -C "$1" build -tags grpcnotrace -trimpath -buildvcs=false -ldflags='-X main.version=compared' -o "$2" ./cmd/pod-status-logger
}
build "$dir/checkout" "$dir/base"
build "$PWD" "$dir/tree"
go test ./test/compare -run 'TestBuilds|TestReplay' -count=1 -timeout 60m -v -args \
	-base="$dir/base" -tree="$dir/tree" -pods="${2:-3000}" -seed="${3:-1}"
