#!/usr/bin/env bash
# Looks for known vulnerabilities in what this module calls.
#
#   tools/vulncheck.sh [package ...]      (default ./...)
#
# The database comes from the network, https://vuln.go.dev. Where that can't be
# reached the check is skipped, loudly, and passes: a machine without a network
# can't know. VULNCHECK=required makes it fail instead, for a pipeline that has
# the network. GOVULNDB names another database: a mirror's URL, or file:///DIR
# with an unpacked https://vuln.go.dev/vulndb.zip.
#
# Exit status: 0 nothing found, or skipped; 3 something found; 1 anything else.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
[ $# -gt 0 ] || set -- ./...
[ -z "${GOVULNDB:-}" ] || set -- -db "$GOVULNDB" "$@"

go tool -modfile=tools/go.mod govulncheck "$@" 2> >(tee "$log" >&2)
status=$?
wait
if [ $status -ne 1 ] || ! grep -q 'fetching vulnerabilities:' "$log"; then
	exit $status
fi
if [ "${VULNCHECK:-}" = required ]; then
	echo 'vulncheck: the database can not be reached, and VULNCHECK=required' >&2
	exit 1
fi
echo 'vulncheck: SKIPPED, the database can not be reached; nothing was checked' >&2
