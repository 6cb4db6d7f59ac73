#!/usr/bin/env bash
# What others read and write: proto/podstatus/enrich is the contract with plugins,
# proto/podstatus/state the form in which an earlier version stored its states.
#
#   tools/proto.sh check      lint it, see that it breaks no plugin that is out
#                             there and nothing that is stored, and that the
#                             generated code is up to date
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
	generated() { find proto -name '*.pb.go' | sort; }
	for file in $({ generated; (cd "$out" && generated); } | sort -u); do
		diff -uN "$file" "$out/$file" || { echo "proto: $file is not up to date; tools/proto.sh generate writes it" >&2; exit 1; }
	done
	;;
generate) buf generate ;;
release) buf build --as-file-descriptor-set --exclude-source-info -o proto/released.binpb ;;
*)
	sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
	;;
esac
