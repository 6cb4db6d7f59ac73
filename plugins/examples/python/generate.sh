#!/bin/sh
# Generates enrich_pb2.py, into the folder that is named or else beside this
# script. Wants protoc 3.21, Debian's protobuf-compiler: what a newer one
# generates does not work with Debian's python3-protobuf.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec protoc -I "$here/../../../proto/podstatus/enrich/v1" --python_out="${1:-$here}" enrich.proto
