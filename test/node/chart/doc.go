// Package chart tests the Helm chart and the plain manifests on a real node: the
// program runs as a pod, with the volume, user, probes and limits that it has in a
// cluster.
package chart
