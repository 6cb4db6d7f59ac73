//go:build node

package chart

import "testing"

// TestManifests applies the plain manifests, deletes them, and applies the others.
func TestManifests(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	const ns = "pod-status-logger"
	for _, file := range []string{"cluster.yaml", "namespaced.yaml"} {
		t.Run(file, func(t *testing.T) {
			c := cluster{c.Node, t}
			volume := c.volume(ns, release)
			c.Run(t, "kubectl", "apply", "--filename", manifests+file)
			l := logger{c, ns, "statefulset/" + release}
			c.kubectl(ns, "rollout", "status", l.workload, "--timeout=5m")
			c.create("default", "seen-by-"+file)
			l.awaitRecord(l.workload, "default", "seen-by-"+file)
			checkOwner(t, volume)

			before := l.follow(l.pod())
			c.kubectl(ns, "rollout", "restart", l.workload)
			old := before()
			c.kubectl(ns, "rollout", "status", l.workload, "--timeout=5m")
			c.create("default", "seen-again-by-"+file)
			l.awaitRecord(l.workload, "default", "seen-again-by-"+file)
			checkContinues(t, old, l.logs(ns, l.pod()))

			c.Run(t, "kubectl", "delete", "--filename", manifests+file)
		})
	}
}
