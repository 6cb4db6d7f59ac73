package helm

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

var (
	podRights = []string{"list pods", "watch pods"}
	allRights = append([]string{
		"get cronjobs.batch", "get daemonsets.apps", "get deployments.apps", "get jobs.batch", "get replicasets.apps",
		"get replicationcontrollers", "get statefulsets.apps",
		"list cronjobs.batch", "list daemonsets.apps", "list deployments.apps", "list jobs.batch", "list replicasets.apps",
		"list replicationcontrollers", "list statefulsets.apps",
	}, podRights...)
)

// withoutLists returns the rights but those to list owners.
func withoutLists(rights []string) []string {
	return slices.DeleteFunc(slices.Clone(rights), func(right string) bool {
		return strings.HasPrefix(right, "list ") && !slices.Contains(podRights, right)
	})
}

// TestRights checks with the API server that the ServiceAccount has the permissions that the
// configuration needs, in the namespaces that it needs, and no others.
func TestRights(t *testing.T) {
	c := theControl(t)
	c.newNamespace(t, "shop")
	c.newNamespace(t, "payments")
	for name, r := range map[string]struct {
		set             []string
		here, elsewhere []string // in shop, and in every other namespace
	}{
		"by default":          {nil, allRights, allRights},
		"without plugins":     {[]string{"--set-json", "config.plugins=[]"}, podRights, podRights},
		"plugins, not owners": {[]string{"--set", "rbac.owners=never"}, podRights, podRights},
		"owners, no lists": {
			[]string{"--set", "rbac.listOwners=false"}, withoutLists(allRights), withoutLists(allRights),
		},
		"some namespace": {[]string{"--set", "config.watch.namespaces={shop}"}, allRights, nil},
		"namespace, no plugin": {
			[]string{"--set", "config.watch.namespaces={shop}", "--set-json", "config.plugins=[]"}, podRights, nil,
		},
		"a kind of one's own": {
			[]string{"--set-json", `rbac.extraOwnerKinds=[{"apiGroups":["argoproj.io"],"resources":["rollouts"]}]`},
			append([]string{"get rollouts.argoproj.io", "list rollouts.argoproj.io"}, allRights...),
			append([]string{"get rollouts.argoproj.io", "list rollouts.argoproj.io"}, allRights...),
		},
		"no roles": {[]string{"--set", "rbac.create=false"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ns := c.newNamespace(t, "rights-"+strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(name))
			h := helm(t, "v4").at(c.kubeconfig)
			h.must(append([]string{"install", "r", chart, "--namespace", ns}, r.set...)...)
			defer h.must("uninstall", "r", "--namespace", ns)
			for namespace, want := range map[string][]string{
				"shop": r.here, "payments": r.elsewhere, "kube-system": r.elsewhere, ns: r.elsewhere,
			} {
				if diff := cmp.Diff(slices.Sorted(slices.Values(want)), c.rights(t, ns, "r-pod-status-logger", namespace),
					cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("rights in %s (-want +got):\n%s", namespace, diff)
				}
			}
		})
	}
}

// rights returns the account's permissions in the namespace that other accounts lack.
func (c *control) rights(t *testing.T, ns, account, namespace string) []string {
	t.Helper()
	everybody := c.allRights(t, "default", "default", namespace)
	return slices.DeleteFunc(c.allRights(t, ns, account, namespace),
		func(right string) bool { return slices.Contains(everybody, right) })
}

// allRights returns the account's permissions in the namespace, from the API server.
func (c *control) allRights(t *testing.T, ns, account, namespace string) (all []string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.as(t, ns, account))
	if err != nil {
		t.Fatal(err)
	}
	review := &authorizationv1.SelfSubjectRulesReview{
		Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace},
	}
	review, err = client.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(), review, metav1.CreateOptions{})
	if err != nil || review.Status.Incomplete {
		t.Fatalf("ask for the rights in %s: %v %s", namespace, err, review.Status.EvaluationError)
	}
	for _, rule := range review.Status.ResourceRules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					all = append(all, strings.TrimSuffix(verb+" "+resource+"."+group, "."))
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestSees runs the program as the ServiceAccount. It emits records of all selected pods and of
// no others, with the bundles that only their owners name.
func TestSees(t *testing.T) {
	c := theControl(t)
	for name, r := range map[string]struct {
		set      string
		unwanted string // namespace whose pods must have no records
		bundles  bool
	}{
		"all-namespaces":  {"config.cluster=test", "", true},
		"some-namespaces": {"config.watch.namespaces={sees-shop,sees-bank}", "sees-other", true},
		"without-owners":  {"rbac.owners=never", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, ns := range []string{"sees-shop", "sees-bank", "sees-other"} {
				c.newNamespace(t, ns)
				c.deploy(t, ns, "deployment")
			}
			ns := c.newNamespace(t, "sees-"+name)
			h := helm(t, "v4").at(c.kubeconfig)
			h.must("install", "r", chart, "--namespace", ns, "--set", r.set)
			defer h.must("uninstall", "r", "--namespace", ns)
			l := c.startLogger(t, ns, "r")
			wait.Until(t, "the program is ready", l.ready)
			for _, ns := range []string{"sees-shop", "sees-bank", "sees-other"} {
				if ns != r.unwanted {
					wait.Until(t, "a record with its bundle of "+ns, func() bool {
						return l.has(func(x record) bool {
							return x.Namespace == ns && x.Action == "create" && (x.Bundle == "helm/"+ns+"/deployment") == r.bundles
						})
					})
				}
			}
			if l.has(func(x record) bool { return x.Namespace == r.unwanted }) {
				t.Errorf("there are records of %s", r.unwanted)
			}
			if !r.bundles && l.has(func(x record) bool { return strings.HasPrefix(x.Bundle, "helm/") }) {
				t.Error("there are bundles that only owners know")
			}
		})
	}
}
