#!/usr/bin/env bash
# Writes plain manifests from the chart, for those who don't use Helm, into the
# folder that is named. What says Helm in them is left out.
set -euo pipefail
out=$1
cd "$(dirname "$0")/.."
helm=test/helm/bin/v4/helm
namespace=pod-status-logger

write() { # FILE COMMENT VALUES...
	local file=$1 comment=$2
	shift 2
	{
		cat <<-END
			# $comment
			# Made from the chart by "make manifests"; change it there.
			---
			apiVersion: v1
			kind: Namespace
			metadata:
			  name: $namespace
			  labels:
			    pod-security.kubernetes.io/enforce: restricted
			    pod-security.kubernetes.io/warn: restricted
		END
		"$helm" template pod-status-logger deploy/helm/pod-status-logger --namespace "$namespace" "$@" |
			sed -e '/^# Source: /d' -e '/helm.sh\/chart:/d' -e '/managed-by: Helm$/d' -e '/^ *$/d'
	} >"$out/$file"
}

mkdir -p "$out"
write cluster.yaml "Watches the pods of all namespaces."
write namespaced.yaml "Watches the pods of the namespace default, by a Role: put your own in its place, in the configuration, the Role and the RoleBinding." --set 'config.watch.namespaces={default}'
