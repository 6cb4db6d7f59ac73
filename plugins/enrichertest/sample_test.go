package enrichertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"k8s.io/apimachinery/pkg/util/validation"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// TestSamplesAreVaried checks that 64 samples contain all fields that a host sends.
func TestSamplesAreVaried(t *testing.T) {
	p := &session{needs: &enrichv1.Needs{Owners: &enrichv1.OwnerNeeds{}}}
	actions, states, types, kinds := map[enrichv1.Action]int{}, map[enrichv1.State]int{}, map[enrichv1.ContainerType]int{},
		map[string]int{}
	uids := map[string]bool{}
	for _, r := range p.samples(0, 64) {
		actions[r.GetAction()]++
		states[r.GetState()]++
		types[r.GetContainer().GetType()]++
		uids[r.GetPod().GetUid()] = true
		kind := ""
		for _, o := range r.GetPod().GetOwners() {
			kind = o.GetKind()
		}
		kinds[kind]++
		if r.GetState() != 0 && r.GetAction() != enrichv1.Action_ACTION_UPDATE {
			t.Errorf("only updates have a state: %v", r)
		}
	}
	if len(actions) != 3 || len(states) != 5 || len(types) != 5 || len(kinds) != 5 || len(uids) != 64 {
		t.Errorf("actions %v, states %v, container types %v, owners %v, %d pods", actions, states, types, kinds, len(uids))
	}
}

func TestSamplesHaveWhatIsNeeded(t *testing.T) {
	owners := []*enrichv1.Owner{
		{
			ApiVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-6d4b75cb6d", Uid: sample(0).GetPod().GetOwners()[0].GetUid(),
			Labels:      map[string]string{"app.kubernetes.io/name": "web-6d4b75cb6d"},
			Annotations: map[string]string{"example.com/revision": "1"},
		},
		{
			ApiVersion: "apps/v1", Kind: "Deployment", Name: "web", Uid: sample(0).GetPod().GetOwners()[1].GetUid(),
			Labels:      map[string]string{"app.kubernetes.io/name": "web"},
			Annotations: map[string]string{"example.com/revision": "1"},
		},
	}
	for name, tc := range map[string]struct {
		needs *enrichv1.Needs
		want  *enrichv1.Pod
	}{
		"nothing is all labels": {nil, &enrichv1.Pod{Labels: sample(0).GetPod().GetLabels()}},
		"labels": {
			&enrichv1.Needs{Labels: []string{"app.kubernetes.io/part-of", "team"}},
			&enrichv1.Pod{Labels: map[string]string{"app.kubernetes.io/part-of": "shop", "team": "team-0"}},
		},
		"annotations": {
			&enrichv1.Needs{Labels: []string{"team"}, Annotations: []string{"tracing.k8s.io/traceparent"}},
			&enrichv1.Pod{
				Labels: map[string]string{"team": "team-0"},
				Annotations: map[string]string{
					"tracing.k8s.io/traceparent": "00-00000000000000000000000000000001-0000000000000001-01",
				},
			},
		},
		"owners": {
			&enrichv1.Needs{Labels: []string{"team"}, Owners: &enrichv1.OwnerNeeds{
				Labels: []string{"app.kubernetes.io/name"}, Annotations: []string{"example.com/revision"},
			}},
			&enrichv1.Pod{Labels: map[string]string{"team": "team-0"}, Owners: owners},
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := sample(0)
			pod := want.GetPod()
			pod.Labels, pod.Annotations, pod.Owners = tc.want.GetLabels(), tc.want.GetAnnotations(), tc.want.GetOwners()
			got := (&session{needs: tc.needs}).samples(0, 1)[0]
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			podOnly := &enrichv1.Needs{}
			proto.Merge(podOnly, tc.needs)
			podOnly.PodOnly = true
			pod.Node, pod.Phase, pod.Reason = "", "", ""
			want = &enrichv1.Record{Pod: pod}
			got = (&session{needs: podOnly}).samples(0, 1)[0]
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Errorf("pod only (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlausible(t *testing.T) {
	for key, want := range map[string]string{
		"traceparent":                       "00-00000000000000000000000000000004-0000000000000004-01",
		"tekton.dev/pipelinerunSpanContext": `pipelinerunSpanContext-0`,
		"tekton.dev/span-context":           `{"traceparent":"00-00000000000000000000000000000004-0000000000000004-01"}`,
		"argocd.argoproj.io/tracking-id":    "app-0:apps/Deployment:shop/web",
		"app.kubernetes.io/version":         "1.4.0",
		"deployment.kubernetes.io/revision": "4",
		"example.com/team":                  "team-0",
	} {
		if got := plausible(key, 3); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}

// TestLabelsAreValid checks that Kubernetes would accept the value of each label.
func TestLabelsAreValid(t *testing.T) {
	keys := []string{
		"team", "traceparent", "argocd.argoproj.io/tracking-id", "example.com/url",
		"a/0123456789012345678901234567890123456789012345678901234567890123"[:65],
	}
	for i := range 8 {
		for _, key := range keys {
			value, _ := labelOf(i)(key)
			if problems := validation.IsValidLabelValue(value); len(problems) > 0 {
				t.Errorf("%s=%s: %v", key, value, problems)
			}
		}
	}
}
