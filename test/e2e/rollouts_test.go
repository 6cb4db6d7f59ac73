//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// bundleFields are the fields that records must have for the bundle of a pod: with its owners,
// and from its own metadata alone. nil is no bundle.
type bundleFields struct{ withOwners, alone object }

// expectedBundles are those of all that the tests deploy, by the label app of the pods. For a
// second version with other fields the key also has the label version.
var expectedBundles = map[string]bundleFields{
	// Marked on the top object only.
	"shop": {withOwners: bundle("helm", "helm/platform/shop", "shop", "meta.helm.sh/release-name")},
	"checkout": {withOwners: versioned("commit-1",
		bundle("argocd", "argocd/payments", "payments", "argocd.argoproj.io/tracking-id"))},
	"checkout 2": {withOwners: versioned("commit-2",
		bundle("argocd", "argocd/payments", "payments", "argocd.argoproj.io/tracking-id"))},
	"cart": {withOwners: bundle("flux", "flux/Kustomization/flux-system/apps", "apps",
		"kustomize.toolkit.fluxcd.io/name")},
	"canary": {
		withOwners: bundle("helm", "helm/platform/canary", "canary", "meta.helm.sh/release-name"),
		alone:      bundle("argo-rollouts", "argo-rollouts/default/canary", "canary", "rollouts-pod-template-hash"),
	},
	"database": {withOwners: bundle("flux", "flux/HelmRelease/flux-system/database", "database",
		"helm.toolkit.fluxcd.io/name")},
	"queue": {withOwners: bundle("flux", "flux/Kustomization/flux-system/old", "old",
		"kustomize.toolkit.fluxcd.io/name")},
	"report": {withOwners: versioned("3.1.0", bundle("kapp", "kapp/1700000000", "1700000000", "kapp.k14s.io/app"))},

	// The second version of queue belongs to another Kustomization.
	"queue 2": {withOwners: bundle("flux", "flux/Kustomization/flux-system/new", "new",
		"kustomize.toolkit.fluxcd.io/name")},

	// Marked on the pods.
	"tool":    onPods(bundle("app", "app/default/tool", "tool", appName)),
	"by-hand": onPods(versioned("abc", bundle("custom", "custom/default/by-hand", "by-hand", "bundle"))),
	"traced":  {},
	"nobody":  {},
}

// rolled are the apps with a second version, and their numbers of pods.
var rolled = map[string]int{"shop": 4, "checkout": 3, "cart": 3, "canary": 4, "database": 3, "queue": 2}

const (
	// givenTrace is the trace of the pod that brings one along, sampled.
	givenTrace = "0af7651916cd43dd8448eb211c80319c"
	givenSpan  = "b7ad6b7169203331"

	statefulSets = "/apis/apps/v1/namespaces/default/statefulsets"
	replicaSets  = "/apis/apps/v1/namespaces/default/replicasets"
	rollouts     = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts"
	cronJobs     = "/apis/batch/v1/namespaces/default/cronjobs"
	jobs         = "/apis/batch/v1/namespaces/default/jobs"
	elsewhere    = "/apis/apps/v1/namespaces/elsewhere/deployments"
)

func versioned(version string, bundle object) object {
	bundle["bundle.version"] = version
	return bundle
}

func onPods(bundle object) bundleFields { return bundleFields{bundle, bundle} }

// withOwners and withoutOwners return the bundle of a pod, nil without one.
func withOwners(pod object) object    { return bundleFieldsOf(pod).withOwners }
func withoutOwners(pod object) object { return bundleFieldsOf(pod).alone }

func bundleFieldsOf(pod object) bundleFields {
	name := text(pod, "metadata", "labels", "app")
	if s, ok := expectedBundles[name+" "+text(pod, "metadata", "labels", "version")]; ok {
		return s
	}
	return expectedBundles[name]
}

// deployFirst deploys the first version of everything. A version label on the top object must
// not get into records: it names the newest version while pods of the earlier one still run.
func deployFirst(c *cluster) {
	c.do(http.MethodPost, "/api/v1/namespaces", object{"metadata": object{"name": "elsewhere"}})
	c.do(http.MethodPost, deployments, workload("shop", object{
		"annotations": helmRelease("shop"), "labels": object{"app.kubernetes.io/version": "1"},
	}))
	c.do(http.MethodPost, deployments, workload("checkout", object{
		"annotations": object{
			"argocd.argoproj.io/tracking-id": "payments:apps/Deployment:default/checkout", "bundle-version": "commit-1",
		},
	}))
	c.do(http.MethodPost, elsewhere, workload("cart", object{"labels": kustomization("apps")}))
	c.do(http.MethodPost, statefulSets, workload("database", object{"labels": object{
		"helm.toolkit.fluxcd.io/name": "database", "helm.toolkit.fluxcd.io/namespace": "flux-system",
		"helm.sh/chart": "postgresql-1.0.0",
	}}))
	c.do(http.MethodPost, statefulSets, workload("queue", object{"labels": kustomization("old")}))
	rollOut(c)
	schedule(c)
	bare(c)
	for name, replicas := range rolled {
		settledAt(c, name, "1", replicas)
	}
	wait.Until(c.t, "the job is done",
		func() bool { return at(c.get(jobs+"/report-by-hand"), "status")["succeeded"] == 1.0 })
}

// bare creates pods without owners.
func bare(c *cluster) {
	for name, meta := range map[string]object{
		"tool":    {"labels": object{appName: "tool", "bundle.id": "forged"}},
		"by-hand": {"labels": object{"bundle": "by-hand"}, "annotations": object{"bundle-version": "abc"}},
		"traced":  {"annotations": object{"traceparent": "00-" + givenTrace + "-" + givenSpan + "-01"}},
		"nobody":  {},
	} {
		p := podOf(name)
		mark(p, meta)
		at(p, "metadata")["name"] = name
		c.do(http.MethodPost, namespace, p)
	}
}

// deploySecond deploys the second version of the apps that have one.
func deploySecond(c *cluster) {
	next := version("2")
	newest := object{"labels": object{"app.kubernetes.io/version": "2", "helm.sh/chart": "postgresql-2.0.0"}}
	c.do(http.MethodPatch, deployments+"/checkout", object{
		"metadata": object{"annotations": object{"bundle-version": "commit-2"}}, "spec": next["spec"],
	})
	c.do(http.MethodPatch, elsewhere+"/cart", next)
	c.do(http.MethodPatch, deployments+"/shop", object{"metadata": newest, "spec": next["spec"]})
	c.do(http.MethodPatch, statefulSets+"/database", object{"metadata": newest, "spec": next["spec"]})
	c.do(http.MethodPatch, statefulSets+"/queue",
		object{"metadata": object{"labels": kustomization("new")}, "spec": next["spec"]})
	c.do(http.MethodPatch, rollouts+"/canary", object{"metadata": newest})
	replicaSet(c, "2", "7d4b9c6f58")
	wait.Until(c.t, "the canary runs", func() bool { return len(running(c, "canary", "2")) == rolled["canary"] })
	c.do(http.MethodPatch, replicaSets+"/canary-5f6d8b7c94", object{"spec": object{"replicas": 0}})
	for name, replicas := range rolled {
		settledAt(c, name, "2", replicas)
	}
}

// deleteAll deletes everything, top objects before their pods.
func deleteAll(c *cluster) {
	for _, path := range []string{
		deployments + "/shop", deployments + "/checkout", elsewhere + "/cart", statefulSets + "/database",
		statefulSets + "/queue",
		cronJobs + "/report", rollouts + "/canary", replicaSets + "/canary-5f6d8b7c94", replicaSets + "/canary-7d4b9c6f58",
		jobs + "/report-by-hand",
	} {
		c.remove(path)
	}
	c.do(http.MethodDelete, namespace, object{})
	c.awaitNoPods("/api/v1/pods")
}

// workload returns a Deployment or a StatefulSet with marks on its own metadata only.
func workload(name string, marks object) object {
	w := object{
		"metadata": object{"name": name},
		"spec": object{
			"replicas": rolled[name], "selector": object{"matchLabels": object{"app": name}}, "template": podOf(name),
		},
	}
	mark(w, marks)
	return w
}

// podOf returns a pod of the first version of an app.
func podOf(app string) object {
	p := pod("", "")
	mark(p, object{"labels": object{"app": app, "version": "1"}})
	return p
}

// mark adds labels and annotations to an object.
func mark(o, marks object) {
	meta := at(o, "metadata")
	for kind, added := range marks {
		if meta[kind] == nil {
			meta[kind] = object{}
		}
		maps.Copy(at(meta, kind), added.(object))
	}
}

func helmRelease(name string) object {
	return object{"meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": "platform"}
}

func kustomization(name string) object {
	return object{"kustomize.toolkit.fluxcd.io/name": name, "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
}

// rollOut creates what Argo Rollouts creates: a Rollout, and a ReplicaSet for its first version.
func rollOut(c *cluster) {
	c.do(http.MethodPost, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", object{
		"metadata": object{"name": "rollouts.argoproj.io"},
		"spec": object{
			"group": "argoproj.io", "scope": "Namespaced", "names": object{"kind": "Rollout", "plural": "rollouts"},
			"versions": []object{{
				"name": "v1alpha1", "served": true, "storage": true,
				"schema": object{"openAPIV3Schema": object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	})
	rollout := object{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": object{"name": "canary"}}
	mark(rollout, object{"annotations": helmRelease("canary")})
	c.do(http.MethodPost, rollouts, rollout)
	replicaSet(c, "1", "5f6d8b7c94")
}

// replicaSet creates the ReplicaSet of a version of the Rollout.
func replicaSet(c *cluster, version, hash string) {
	rollout := c.get(rollouts + "/canary")
	template := podOf("canary")
	mark(template, object{"labels": object{"version": version, "rollouts-pod-template-hash": hash}})
	c.do(http.MethodPost, replicaSets, object{
		"metadata": object{"name": "canary-" + hash, "ownerReferences": []object{{
			"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "canary", "uid": text(rollout, "metadata", "uid"),
			"controller": true, "blockOwnerDeletion": true,
		}}},
		"spec": object{
			"replicas": rolled["canary"], "template": template,
			"selector": object{"matchLabels": object{"app": "canary", "rollouts-pod-template-hash": hash}},
		},
	})
}

// schedule creates a CronJob, and a Job of it as `kubectl create job --from` does.
func schedule(c *cluster) {
	template := podOf("report")
	at(template, "spec")["restartPolicy"] = "Never"
	job := object{"template": template}
	c.do(http.MethodPost, cronJobs, object{
		"metadata": object{
			"name": "report", "labels": object{"kapp.k14s.io/app": "1700000000", "helm.sh/chart": "report-3.1.0"},
		},
		"spec": object{"schedule": "0 0 1 1 *", "suspend": true, "jobTemplate": object{"spec": job}},
	})
	cronJob := c.get(cronJobs + "/report")
	c.do(http.MethodPost, jobs, object{
		"metadata": object{
			"name": "report-by-hand", "annotations": object{"cronjob.kubernetes.io/instantiate": "manual"},
			"ownerReferences": []object{{
				"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "uid": text(cronJob, "metadata", "uid"),
				"controller": true,
			}},
		},
		"spec": job,
	})
}

// settledAt waits until an app has so many pods, all of one version and ready.
func settledAt(c *cluster, app, version string, replicas int) {
	c.t.Helper()
	wait.Until(c.t, fmt.Sprintf("%s has %d ready pods of version %s and no others", app, replicas, version), func() bool {
		return len(running(c, app, version)) == replicas && len(podsOf(c, app)) == replicas
	})
}

func podsOf(c *cluster, app string) []object {
	return list(c.get("/api/v1/pods?labelSelector=app%3D"+app), "items")
}

// running returns the names of the pods of a version of an app that run and are not being
// deleted.
func running(c *cluster, app, version string) (names []string) {
	for _, p := range podsOf(c, app) {
		if text(p, "metadata", "labels", "version") == version && text(p, "status", "phase") == "Running" &&
			at(p, "metadata")["deletionTimestamp"] == nil {
			names = append(names, text(p, "metadata", "name"))
		}
	}
	return names
}
