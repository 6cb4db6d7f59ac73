#!/usr/bin/env bash
# Draws docs/images/demo.svg: the demo as it looks in a terminal of 118 columns.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

script -qec 'stty cols 118; bin/pod-status-logger demo -o pretty --pace 0s 2>/dev/null' /dev/null |
	grep -E 'checkout-.*(created|scheduled|not ready yet|exit code [1-9]|CrashLoop)|report-.*Evicted' |
	sed -E 's/[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}/17:57:06.806/' |
	go -C tools run ./picture 'Records of a crash loop and an eviction, in a terminal' >docs/images/demo.svg
