package helm

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// owners are the kinds that the chart permits the program to get. Each has a workload marked as
// by "helm install KIND", so that the bundle of its pods requires permission for the whole
// owner chain.
var owners = map[string]string{
	"deployment": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: deployment, annotations: {meta.helm.sh/release-name: deployment,
  meta.helm.sh/release-namespace: %[1]s}}
spec: {replicas: 1, selector: {matchLabels: {kind: deployment}}, template: %[2]s}
`,
	"statefulset": `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: statefulset, annotations: {meta.helm.sh/release-name: statefulset,
  meta.helm.sh/release-namespace: %[1]s}}
spec: {replicas: 1, serviceName: statefulset, selector: {matchLabels: {kind: statefulset}}, template: %[2]s}
`,
	"daemonset": `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: daemonset, annotations: {meta.helm.sh/release-name: daemonset, meta.helm.sh/release-namespace: %[1]s}}
spec: {selector: {matchLabels: {kind: daemonset}}, template: %[2]s}
`,
	"replicationcontroller": `
apiVersion: v1
kind: ReplicationController
metadata: {name: replicationcontroller, annotations: {meta.helm.sh/release-name: replicationcontroller,
  meta.helm.sh/release-namespace: %[1]s}}
spec: {replicas: 1, selector: {kind: replicationcontroller}, template: %[2]s}
`,
	"cronjob": `
apiVersion: batch/v1
kind: CronJob
metadata: {name: cronjob, annotations: {meta.helm.sh/release-name: cronjob, meta.helm.sh/release-namespace: %[1]s}}
spec: {schedule: "* * * * *", jobTemplate: {spec: {template: %[2]s}}}
`,
	"job": `
apiVersion: batch/v1
kind: Job
metadata: {generateName: job-, annotations: {meta.helm.sh/release-name: job, meta.helm.sh/release-namespace: %[1]s}}
spec: {template: %[2]s}
`,
}

// deploy creates the workload of a kind. Existing pods are deleted, so that new ones follow.
func (c *control) deploy(t *testing.T, ns, kind string) {
	t.Helper()
	policy := "Always"
	if kind == "job" || kind == "cronjob" {
		policy = "Never"
	}
	template := fmt.Sprintf(`{metadata: {labels: {kind: %s}}, spec: {restartPolicy: %s, containers: [{name: main, image: "shop/%s:1",
		securityContext: {runAsNonRoot: true, runAsUser: 1, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]},
		  seccompProfile: {type: RuntimeDefault}}}]}}`,
		kind, policy, kind)
	manifest := []byte(fmt.Sprintf(owners[kind], ns, template))
	verb := "apply"
	if kind == "job" {
		verb = "create"
	}
	if _, err := kubectl(t, c).try(manifest, verb, "--namespace", ns, "-f", "-"); err != nil {
		t.Fatal(err)
	}
	if err := c.client.CoreV1().Pods(ns).DeleteCollection(t.Context(), metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: "kind=" + kind}); err != nil {
		t.Fatal(err)
	}
}
