#!/usr/bin/env bash
# Builds the docker client's plugins compose and buildx into test/compose/bin, as
# their projects do: a version that is not set is refused by the one or the other.
set -euo pipefail
cd "$(dirname "$0")"
export CGO_ENABLED=0

plugin() { # NAME MODULE PACKAGE VARIABLE
	local version
	version=$(go list -m -f '{{.Version}}' "$2")
	go build -trimpath -ldflags="-s -w -X $2/$4=$version" -o "../bin/docker-$1" "$2/$3"
}

plugin compose github.com/docker/compose/v2 cmd internal.Version
plugin buildx github.com/docker/buildx cmd/buildx version.Version
