#!/usr/bin/env bash
# The contract with plugins, proto/podstatus/enrich, and what is stored of pods,
# proto/podstatus/state.
#
#   tools/proto.sh check      lint it, see that it breaks nothing that is out
#                             there, and that the generated code is up to date
#   tools/proto.sh generate   write the generated code anew
#   tools/proto.sh release    from now on, what it says now is what must not break
#
# What must not break is in proto/released.binpb, an image that buf has built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

buf() { go tool -modfile=tools/go.mod buf "$@"; }

case "${1:-}" in
check)
	buf lint
	buf breaking --against proto/released.binpb
	out=$(mktemp -d)
	trap 'rm -rf "$out"' EXIT
	buf generate --output "$out"
	for file in proto/podstatus/*/v1/*.pb.go; do
		diff -u "$file" "$out/$file" || { echo "proto: $file is not up to date; tools/proto.sh generate writes it" >&2; exit 1; }
	done
	;;
generate) buf generate ;;
release) buf build --as-file-descriptor-set --exclude-source-info -o proto/released.binpb ;;
*)
	sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
	;;
esac
