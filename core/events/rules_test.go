package events

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

func about(kind, apiVersion string) *corev1.Event {
	return &corev1.Event{
		InvolvedObject: corev1.ObjectReference{Kind: kind, APIVersion: apiVersion, Namespace: "shop", Name: "cart", UID: "u"},
		Reason:         "FailedCreate", Type: "Warning", Message: "no\n  room",
	}
}

func TestWants(t *testing.T) {
	for _, test := range []struct {
		name  string
		rules Rules
		event *corev1.Event
		want  bool
	}{
		{"a pod", Rules{}, about("Pod", "v1"), true},
		{"a pod of another API", Rules{}, about("Pod", "metrics.k8s.io/v1"), false},
		{"a pod, by hand", Rules{}, about("Pod", ""), true},
		{"a node", Rules{}, about("Node", "v1"), false},
		{"an owner", Rules{}, about("ReplicaSet", "apps/v1"), true},
		{"a Job of Volcano", Rules{}, about("Job", "batch.volcano.sh/v1alpha1"), false},
		{"an autoscaler", Rules{}, about("HorizontalPodAutoscaler", "autoscaling/v2"), true},
		{"an owner, with a selector of pods", Rules{PodsOnly: true}, about("ReplicaSet", "apps/v1"), false},
		{"another type", Rules{Types: []string{"Normal"}}, about("Pod", "v1"), false},
		{"both types", Rules{Types: []string{"Normal", "Warning"}}, about("Pod", "v1"), true},
		{"a reason", Rules{Reasons: []string{"Failed*"}}, about("Pod", "v1"), true},
		{"another reason", Rules{Reasons: []string{"Unhealthy", "Fail?"}}, about("Pod", "v1"), false},
		{"all but this reason", Rules{Reasons: []string{"!FailedCreate"}}, about("Pod", "v1"), false},
		{"all but others", Rules{Reasons: []string{"!Pull*"}}, about("Pod", "v1"), true},
		{"some but this reason", Rules{Reasons: []string{"Failed*", "!*Create"}}, about("Pod", "v1"), false},
	} {
		if got := test.rules.Wants(test.event); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// TestFieldSelector holds that the server leaves out nothing that the rules want.
func TestFieldSelector(t *testing.T) {
	const always = "involvedObject.kind!=Node,reason!=Scheduled,reason!=Created,reason!=Started," +
		"reason!=SuccessfulCreate,reason!=SuccessfulDelete"
	narrow := Rules{Reasons: []string{"!Pulled", "!Pull*", "Killing"}, Types: []string{"Warning"}, PodsOnly: true}
	for rules, want := range map[*Rules]string{
		{}: always, &narrow: always + ",reason!=Pulled,type=Warning,involvedObject.kind=Pod",
	} {
		got := rules.FieldSelector()
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if _, err := fields.ParseSelector(got); err != nil {
			t.Error(err)
		}
	}
}

// TestRecordID holds the ids, which are part of the contract: another version has the same.
func TestRecordID(t *testing.T) {
	e := about("Pod", "v1")
	e.UID, e.Count = "43c58068-bbab-46e3-accf-a5f21addeed3", 5
	rec := Rules{Cluster: "prod"}.Record(e, PodOf(e), e.LastTimestamp.Time)
	if got, want := rec.ID.String(), record.NewID("prod", string(e.UID), "", record.Event, "", 2).String(); got != want {
		t.Errorf("id %s, want %s", got, want)
	}
	const want = "039e5dd987264b82"
	if got := rec.ID.String()[:16]; got != want {
		t.Errorf("id %s..., want %s", got, want)
	}
}

func TestMessage(t *testing.T) {
	container := about("Pod", "v1")
	container.InvolvedObject.FieldPath, container.Count = "spec.initContainers{migrate}", 8
	for want, e := range map[string]*corev1.Event{
		"pod shop/cart has Event FailedCreate (no room)":                               about("Pod", "v1"),
		"container migrate of pod shop/cart has Event FailedCreate, 8 times (no room)": container,
		"ReplicaSet shop/cart has Event FailedCreate (no room)":                        about("ReplicaSet", "apps/v1"),
	} {
		if got := (Rules{}).Record(e, PodOf(e), e.LastTimestamp.Time).Message; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
