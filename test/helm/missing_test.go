package helm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// lack is one permission that is removed from the chart's rules.
type lack struct {
	verb, group, resource string
	workload              string // whose pods' records it takes something from
	said                  string // by the program, on stderr
	unready               bool
}

func (l lack) String() string { return l.verb + "-" + l.resource }

func lacks() []lack {
	const rule = `allow it with a Role in namespace missing: {apiGroups: [\"\"], resources: [pods], verbs: [list, watch]}`
	all := []lack{
		{
			"watch", "", "pods", "deployment",
			"may not watch pods in namespace missing; no records are emitted until then; " + rule, true,
		},
		{"list", "", "pods", "deployment", "may not list pods in namespace missing; changes are still emitted", false},
	}
	for resource, group := range map[string]string{
		"replicasets": "apps", "deployments": "apps", "statefulsets": "apps", "daemonsets": "apps",
		"jobs": "batch", "cronjobs": "batch", "replicationcontrollers": "",
	} {
		workload, named, groups := strings.TrimSuffix(resource, "s"), resource, group
		if workload == "replicaset" {
			workload = "deployment"
		}
		if group == "" {
			groups = `\"\"`
		} else {
			named += "." + group
		}
		said := fmt.Sprintf("owners: may not get %s; the owner chains of pods end there; allow it with {apiGroups: [%s], "+
			"resources: [%s], verbs: [get]}",
			named, groups, resource)
		all = append(all, lack{"get", group, resource, workload, said, false})
	}
	return all
}

// TestMissingRight removes each permission of the chart's rules in turn, from a release of its
// own. The program reports the missing one and continues. Once the permission is granted, it
// emits everything: the missed changes if it could not watch, the bundles of pods if it could
// not get their owners.
func TestMissingRight(t *testing.T) {
	c := theControl(t)
	c.newNamespace(t, "missing")
	h := helm(t, "v4").at(c.kubeconfig)
	for _, kind := range slices.Sorted(maps.Keys(owners)) {
		c.deploy(t, "missing", kind)
	}
	c.startCronJob(t, "missing")
	for _, lack := range lacks() {
		t.Run(lack.String(), func(t *testing.T) {
			t.Parallel() // a right that is given is noticed after half a minute
			ns := c.newNamespace(t, "missing-"+lack.String())
			h := tool{t, h.path, h.env}
			h.must("install", "r", chart, "--namespace", ns, "--set", "config.watch.namespaces={missing}")
			give := c.take(t, ns+":r-pod-status-logger", lack)
			l := c.startLogger(t, ns, "r")
			wait.Until(t, "it says "+lack.said, func() bool { return strings.Contains(l.log(), lack.said) })
			if lack.unready {
				c.deploy(t, "missing", lack.workload) // nobody watches
				want := "may not " + lack.verb + " pods in namespace missing"
				wait.Until(t, "readiness reports it", func() bool { return strings.Contains(l.readyz(), want) })
			} else {
				wait.Until(t, "it is ready, since it reports the changes", l.ready)
			}
			bundle := "helm/missing/" + lack.workload
			// A ReplicaSet has a copy of its Deployment's annotations.
			if lack.verb == "get" && lack.resource != "deployments" && l.has(func(x record) bool { return x.Bundle == bundle }) {
				t.Errorf("a record has the bundle %s, which only the owner knows", bundle)
			}
			give()
			c.wantEmitted(t, l, lack.workload, bundle)
		})
	}
}

// TestRightIsBack restarts the program with its journal but without permission to watch, while
// a pod is created and deleted. Both changes are emitted once the permission is granted.
func TestRightIsBack(t *testing.T) {
	c := theControl(t)
	c.newNamespace(t, "missing")
	ns := c.newNamespace(t, "back")
	helm(t, "v4").at(c.kubeconfig).must("install", "r", chart, "--namespace", ns, "--set",
		"config.watch.namespaces={missing}")
	l := c.startLogger(t, ns, "r")
	wait.Until(t, "the program is ready", l.ready)
	l.stop()
	give := c.take(t, ns+":r-pod-status-logger", lack{verb: "watch", resource: "pods"})
	l.again()
	wait.Until(t, "readiness reports it",
		func() bool { return strings.Contains(l.readyz(), "may not watch pods in namespace missing") })

	c.deploy(t, "missing", "job")
	var passing string
	wait.Until(t, "a pod", func() bool {
		pods, err := c.client.CoreV1().Pods("missing").List(t.Context(), metav1.ListOptions{LabelSelector: "kind=job"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range pods.Items {
			passing = pods.Items[i].Name
		}
		return passing != ""
	})
	if err := c.client.CoreV1().Pods("missing").Delete(t.Context(), passing, *metav1.NewDeleteOptions(0)); err != nil {
		t.Fatal(err)
	}
	give()
	for _, action := range []string{"create", "delete"} {
		wait.Until(t, "the record of "+passing+", "+action, func() bool {
			return l.has(func(x record) bool { return x.Pod == passing && x.Action == action })
		})
	}
	wait.Until(t, "the program is ready", l.ready)
}

// take removes a permission, and returns a function that restores it.
func (c *control) take(t *testing.T, role string, lack lack) (give func()) {
	t.Helper()
	roles := c.client.RbacV1().Roles("missing")
	whole, err := roles.Get(t.Context(), role, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	set := func(rules []rbacv1.PolicyRule) {
		t.Helper()
		now, err := roles.Get(t.Context(), role, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		now.Rules = rules
		if _, err := roles.Update(t.Context(), now, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var rest []rbacv1.PolicyRule // one for each right but that one
	for _, rule := range whole.Rules {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				if verb != lack.verb || resource != lack.resource || rule.APIGroups[0] != lack.group {
					rest = append(rest,
						rbacv1.PolicyRule{APIGroups: rule.APIGroups, Resources: []string{resource}, Verbs: []string{verb}})
				}
			}
		}
	}
	set(rest)
	return func() { set(whole.Rules) }
}

// wantEmitted creates pods of the workload until the records of one have their bundle. By then,
// all existing pods of the workload must have records.
func (c *control) wantEmitted(t *testing.T, l *logger, workload, bundle string) {
	t.Helper()
	last := time.Now()
	wait.Until(t, "a record has the bundle "+bundle, func() bool {
		if time.Since(last) > 5*time.Second {
			last = time.Now()
			c.deploy(t, "missing", workload)
			if workload == "cronjob" {
				c.startCronJob(t, "missing")
			}
		}
		return l.has(func(x record) bool { return x.Bundle == bundle })
	})
	pods, err := c.client.CoreV1().Pods("missing").List(t.Context(), metav1.ListOptions{LabelSelector: "kind=" + workload})
	if err != nil {
		t.Fatal(err)
	}
	for i := range pods.Items {
		name := pods.Items[i].Name
		wait.Until(t, "a record of "+name, func() bool { return l.has(func(x record) bool { return x.Pod == name }) })
	}
}

// startCronJob creates the Job that the CronJob's controller would create at the next minute.
func (c *control) startCronJob(t *testing.T, ns string) {
	t.Helper()
	cron, err := c.client.BatchV1().CronJobs(ns).Get(context.WithoutCancel(t.Context()), "cronjob", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	kubectl := kubectl(t, c)
	job := kubectl.must("create", "job", "--namespace", ns, fmt.Sprintf("cronjob-%d", time.Now().UnixNano()),
		"--from=cronjob/cronjob", "--dry-run=client", "-o", "json")
	owner := fmt.Sprintf(`{"apiVersion":"batch/v1","kind":"CronJob","name":"cronjob","uid":%q,"controller":true}`,
		cron.UID)
	from := strings.Index(job, `"ownerReferences": [`)
	to := from + strings.Index(job[from:], "]")
	if _, err := kubectl.try([]byte(job[:from]+`"ownerReferences": [`+owner+job[to:]), "create", "--namespace", ns, "-f",
		"-"); err != nil {
		t.Fatal(err)
	}
}
