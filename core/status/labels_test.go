package status

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// maxStateLabels is the bound of the labels in a state.
const maxStateLabels = 4 << 10

// fat gives a pod so many bytes of labels and of annotations.
func fat(labels, annotations int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Labels, p.Annotations = map[string]string{"app": "web"}, map[string]string{}
		for i := 0; i*380 < labels; i++ {
			p.Labels[fmt.Sprintf("%s/%05d", strings.Repeat("a", 253), i)] = strings.Repeat("v", 63)
		}
		for _, key := range (Rules{Annotations: []string{"a", "b", "c", "d", "e", "f"}}).AnnotationKeys() {
			p.Annotations[key] = strings.Repeat("x", annotations)
		}
	}
}

// TestHostileState: the stored state of a pod and what its records share have bounds, whatever the tenant puts into the
// pod. Only its name has no bound here, which the API server gives it.
func TestHostileState(t *testing.T) {
	rules := Rules{Annotations: []string{"a", "b", "c", "d", "e", "f"}, ServiceFromLabels: true}
	const megabyte = 1 << 20
	long := strings.Repeat("x", megabyte)
	for name, change := range map[string]func(*corev1.Pod){
		"labels":            fat(megabyte, 0),
		"one label":         func(p *corev1.Pod) { p.Labels["long"] = long },
		"small labels":      func(p *corev1.Pod) { p.Labels = numbered(50_000) },
		"annotations":       fat(0, record.MaxAnnotation),
		"large annotations": fat(0, megabyte),
		"owner's name":      ownedBy("apps/v1", "ReplicaSet", long),
		"owner's kind":      ownedBy("apps/v1", long, "x"),
		"owner's version":   ownedBy(long, "ReplicaSet", "x"),
		"image":             func(p *corev1.Pod) { p.Spec.Containers[0].Image = "x:" + long },
	} {
		t.Run(name, func(t *testing.T) {
			pod := changed(change)
			s := rules.Of(pod)
			const most = maxStateLabels + 16<<10 + 5*record.MaxAnnotation + 2048
			if n := len(s.Append(nil)); n > most {
				t.Errorf("the state has %d bytes, want at most %d", n, most)
			}
			stored(t, s)
			_, records := rules.Create(pod, time.Unix(1, 0))
			for i := range records {
				if n := records[i].Pod.Labels.Size(); n > record.MaxLabels {
					t.Errorf("the labels of a record have %d bytes, want at most %d", n, record.MaxLabels)
				}
			}
		})
	}
}

func numbered(n int) map[string]string {
	m := make(map[string]string, n)
	for i := range n {
		m[strconv.Itoa(i)] = ""
	}
	return m
}

// TestOmittedLabels: records have as many labels as fit into a line; the one of a pod that vanished has those of the
// state. A change of any label makes a record, and nothing else does.
func TestOmittedLabels(t *testing.T) {
	rules := Rules{}
	pod := changed(fat(10_000, 0))
	s, records := rules.Create(pod, time.Unix(1, 0))
	if got := records[0].Pod; got.LabelsOmitted || !got.Labels.Equal(pod.Labels) {
		t.Errorf("a record with 10 KB of labels lacks some: omitted = %v", got.LabelsOmitted)
	}
	gone := rules.Vanished(s, time.Unix(2, 0))[0].Pod
	if app, _ := gone.Labels.Get("app"); !gone.LabelsOmitted || gone.Labels.Size() > maxStateLabels || app != "web" {
		t.Errorf("after a gap: omitted = %v, %d bytes, app = %q", gone.LabelsOmitted, gone.Labels.Size(), app)
	}
	for name, change := range map[string]func(*corev1.Pod){
		"value of a kept label":     func(p *corev1.Pod) { p.Labels["app"] = "db" },
		"value of an omitted label": func(p *corev1.Pod) { p.Labels[strings.Repeat("a", 253)+"/00007"] = "w" },
		"another label":             func(p *corev1.Pod) { p.Labels["new"] = "" },
		"less labels":               func(p *corev1.Pod) { p.Labels = map[string]string{"app": "web"} },
		"none":                      func(p *corev1.Pod) { p.Labels = nil },
		"nothing":                   nil,
		"an annotation":             func(p *corev1.Pod) { p.Annotations = map[string]string{"x": "y"} },
	} {
		next := pod.DeepCopy()
		next.ResourceVersion = "99"
		want := 1
		switch {
		case change == nil:
			want = 0
		case name == "an annotation":
			want = 0
			change(next)
		default:
			change(next)
		}
		for _, s := range []*State{s, stored(t, s)} {
			if _, records := rules.Update(s, next, time.Unix(3, 0), false); len(records) != want {
				t.Errorf("%s: %d records, want %d", name, len(records), want)
			}
		}
	}
}
