package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

func TestDescribe(t *testing.T) {
	if got, want := New("1.2.3").Describe(), (enricher.Description{Name: "bundle", Version: "1.2.3"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The host rejects a patch with a value over 4 KiB.
func TestLongValues(t *testing.T) {
	f := newFinder(Config{})
	long := strings.Repeat("ä", maxValue/2)
	for _, key := range []string{"bundle", "meta.helm.sh/release-name", "project.werf.io/name", "keptn.sh/app"} {
		pod := &enricher.Pod{Namespace: "shop", Annotations: map[string]string{
			key: long, "project.werf.io/env": long, "meta.helm.sh/release-namespace": long, "bundle-version": long,
		}}
		b, _ := f.find(pod)
		if b.id == "" || b.version != long {
			t.Errorf("%s: a long value was ignored", key)
		}
		if len(b.id) > 4<<10 {
			t.Errorf("%s: the id has %d bytes", key, len(b.id))
		}
		pod.Annotations[key] += "x"
		if b, _ := f.find(pod); b.id != "" {
			t.Errorf("%s: an oversized value was used", key)
		}
	}
}

// A record without a pod breaks the contract, but must not break the plugin.
func TestNoPod(t *testing.T) {
	if b, trace := newFinder(Config{}).find(nil); b.id != "" || trace != "" {
		t.Errorf("got %+v, %s", b, trace)
	}
}

// While owners are pending, the answer contains nothing that their labels and annotations could
// change: each mark on the pod, with each mark on an owner.
func TestPendingIsNeverTakenBack(t *testing.T) {
	for _, f := range []*finder{
		newFinder(Config{}), newFinder(Config{OtherNamespaces: refuse, TraceAnnotations: refuse}),
	} {
		for _, revision := range []string{"", labelTemplateHash, labelRolloutHash, labelGroupHash, labelRevision} {
			for onPod := range allMarks() {
				for onOwner := range allMarks() {
					checkPending(t, f, revision, onPod, onOwner)
				}
			}
		}
	}
}

func checkPending(t *testing.T, f *finder, revision, onPod, onOwner string) {
	t.Helper()
	marks := allMarks()
	pod := &enricher.Pod{Name: "web-1-0", Namespace: "shop", Uid: "u", OwnersPending: true}
	pod.Labels, pod.Annotations = maps.Clone(marks[onPod]), marks[onPod]
	if revision != "" {
		pod.Labels[revision] = "1"
	}
	before, beforeTrace := f.find(pod)
	pod.OwnersPending = false
	pod.Owners = []*enricher.Owner{
		{ApiVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-1", Labels: marks[onOwner], Annotations: marks[onOwner]},
		{ApiVersion: "apps/v1", Kind: "Deployment", Name: "web", Labels: marks[onOwner], Annotations: marks[onOwner]},
	}
	after, afterTrace := f.find(pod)
	if before.version == "" {
		before.version = after.version
	}
	if before.id != "" && before != after {
		t.Errorf("%s, %q on the pod, %q on the owners: first %+v, then %+v", revision, onPod, onOwner, before, after)
	}
	if beforeTrace != "" && beforeTrace != afterTrace {
		t.Errorf("%s, %q on the pod, %q on the owners: first %s, then %s", revision, onPod, onOwner, beforeTrace, afterTrace)
	}
}

// allMarks returns all marks by key.
func allMarks() map[string]map[string]string {
	all := map[string]map[string]string{"": {}}
	for i, d := range append([]detector{explicit([]string{"bundle"})}, detectors[:]...) {
		for _, m := range d.marks {
			marks := map[string]string{m.key.name: fmt.Sprint("name", i), olmOwnerKind: "ClusterServiceVersion"}
			for _, k := range m.beside {
				if k.name != olmOwnerKind {
					marks[k.name] = "beside"
				}
			}
			all[m.key.name] = marks
		}
		for _, v := range d.versions {
			all[v.key.name] = map[string]string{v.key.name: fmt.Sprintf("op.v1.%d", i)}
		}
	}
	all["argocd.argoproj.io/tracking-id"]["argocd.argoproj.io/tracking-id"] = "shop:apps/Deployment:shop/web"
	all["traceparent"] = map[string]string{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	all["helm.sh/chart"] = map[string]string{"helm.sh/chart": "shop-1.2.3"}
	return all
}

// No two detectors return the same id.
func TestIDsBeginWithTheManager(t *testing.T) {
	f := newFinder(Config{})
	for mark, values := range allMarks() {
		pod := &enricher.Pod{
			Name: "web-0", Namespace: "shop", Labels: values, Annotations: values,
			Owners: []*enricher.Owner{{ApiVersion: "apps/v1", Kind: "Deployment", Name: "web"}},
		}
		b, _ := f.find(pod)
		if b.id != "" && (!strings.HasPrefix(b.id, b.manager+"/") || b.name == "" || b.source != mark) {
			t.Errorf("%s: got %+v", mark, b)
		}
	}
}

func FuzzFind(f *testing.F) {
	var marks []string
	for mark := range allMarks() {
		marks = append(marks, mark)
	}
	slices.Sort(marks)
	for i := range marks {
		f.Add(uint8(i), "shop", "a/b", "1.2.3", i%2 == 0)
	}
	finder := newFinder(Config{})
	f.Fuzz(func(t *testing.T, i uint8, value, beside, version string, pending bool) {
		if !utf8.ValidString(value + beside + version) {
			t.Skip("gRPC lets no such string through")
		}
		values := map[string]string{"helm.sh/chart": version, labelTemplateHash: version}
		for key := range allMarks()[marks[int(i)%len(marks)]] {
			values[key] = beside
		}
		values[marks[int(i)%len(marks)]] = value
		pod := &enricher.Pod{
			Name: "web-0", Namespace: "shop", Uid: "u", Labels: values, Annotations: values, OwnersPending: pending,
			Owners: []*enricher.Owner{{Kind: "ReplicaSet", Name: beside + "-" + version, Annotations: values}},
		}
		b, trace := finder.find(pod)
		if (b.id == "") != (b.name == "") || (b.id == "") != (b.source == "") || len(b.id) > 4<<10 {
			t.Errorf("got %+v", b)
		}
		if trace != "" && !isValid(trace) {
			t.Errorf("got trace context %q", trace)
		}
	})
}
