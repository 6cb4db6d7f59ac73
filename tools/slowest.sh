#!/usr/bin/env bash
# Passes on the output of "go test", and ends with the packages that took longest, in seconds.
set -euo pipefail
awk '
	{ print; fflush() }
	/^(ok|FAIL)\t/ && $3 ~ /^[0-9.]+s$/ { took[$2] = $3 + 0 }
	END {
		if (length(took) == 0) exit
		print "\nslowest packages:"
		fflush()
		for (package in took) printf "%8.1f s  %s\n", took[package], package | "sort -rn | head -n 8"
	}
'
