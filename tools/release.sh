#!/usr/bin/env bash
# What a release consists of, in a folder: for every platform an archive with
# the program and its manual page, a bill of materials (CycloneDX), the checksums of all, and
# the manifest of the plugin for kubectl.
#
#   PLATFORMS='OS/ARCH ...' tools/release.sh DIST VERSION BUILD...
#
# BUILD is the command that builds the program; PLATFORMS is in the environment.
# The same commit gives the same bytes, wherever and whenever it is built: paths,
# times, owners and the state of the checkout are left out.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

dist=$1 version=$2
shift 2
if [[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]] && ! grep -qx "appVersion: $version" deploy/helm/pod-status-logger/Chart.yaml; then
	echo "tools/release.sh: the chart installs another version than $version: raise both in deploy/helm/pod-status-logger/Chart.yaml" >&2
	exit 1
fi
rm -rf "$dist"
mkdir -p "$dist"
dist=$(cd "$dist" && pwd)

name=pod-status-logger
unset GOFLAGS GOEXPERIMENT GOAMD64 GOARM64
for platform in $PLATFORMS; do
	export GOOS=${platform%/*} GOARCH=${platform#*/}
	base=${name}_${version}_${GOOS}_${GOARCH}
	"$@" -o "$dist/$base/$name" ./cmd/pod-status-logger
	GOOS='' GOARCH='' GOFLAGS=-trimpath go tool -modfile=tools/go.mod cyclonedx-gomod bin -json -std -noserial -notimestamp \
		-version "$version" -output "$dist/$base.cdx.json" "$dist/$base/$name" 2>"$dist/log" || { cat "$dist/log" >&2; exit 1; }
	cp LICENSE README.md CHANGELOG.md docs/man/pod-status-logger.1 "$dist/$base/"
	chmod -R u=rwX,go=rX "$dist/$base" # whatever the umask is
	tar -C "$dist" --sort=name --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner -c "$base" | gzip -n9 >"$dist/$base.tar.gz"
	rm -r "${dist:?}/$base"
done
rm -f "$dist/log"
cd "$dist"
sha256sum -- *.json *.tar.gz >SHA256SUMS
cat SHA256SUMS
edits=(-e '/^#/d' -e "s/VERSION/$version/g")
for platform in $PLATFORMS; do
	base=${name}_${version}_${platform/\//_}
	edits+=(-e "s/SHA256_${platform/\//_}/$(sha256sum "$base.tar.gz" | cut -d' ' -f1)/")
done
sed "${edits[@]}" "$root/deploy/krew/podstatus.yaml" >podstatus.yaml
