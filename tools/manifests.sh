#!/usr/bin/env bash
# Writes plain manifests from the chart into the given folder, for clusters without
# Helm. Helm's labels are removed.
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
			# Generated from the chart by "make manifests". DO NOT EDIT.
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
write namespaced.yaml "Watches the pods of the namespace default, with a Role. Replace the namespace in the configuration, the Role and the RoleBinding." --set 'config.watch.namespaces={default}'
