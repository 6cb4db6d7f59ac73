package podwire

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/status"
)

// TestDecode holds that every pod is read as the generated code reads it, also into the
// memory of another pod.
func TestDecode(t *testing.T) {
	d := NewDecoder(wanted)
	used := new(Pod)
	for name, p := range corpus(t, 500) {
		b := marshal(t, p)
		if !d.pod(b, new(Pod)) {
			t.Errorf("%s: left to the generated code", name)
		}
		check(t, name, d, b, used)
	}
}

// check decodes b in both ways.
func check(t *testing.T, name string, d *Decoder, b []byte, into *Pod) {
	t.Helper()
	var full corev1.Pod
	if err := full.Unmarshal(b); err != nil {
		_ = d.Decode(b, into) // the damage may be in a skipped field
		return
	}
	if err := d.Decode(b, into); err != nil {
		t.Fatalf("%s: %v, and the generated code takes it\n%x", name, err, b)
	}
	want, got := only(&full), &into.Pod
	if !d.pod(b, &Pod{}) {
		got = only(got) // it came with all that it has
	}
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%s (-generated code +here):\n%s\n%x", name, cmp.Diff(want, got), b)
	}
}

// TestRecords: the rules make the same records of both, of each pod by itself and after
// another.
func TestRecords(t *testing.T) {
	rules := status.Rules{ServiceFromLabels: true, Annotations: wanted}
	d := NewDecoder(rules.AnnotationKeys())
	var before *status.State
	for name, p := range corpus(t, 200) {
		var full corev1.Pod
		var slim Pod
		b := marshal(t, p)
		if err := errors.Join(full.Unmarshal(b), d.Decode(b, &slim)); err != nil {
			t.Fatal(err)
		}
		recordsOf := func(p *corev1.Pod) (states []*status.State, records []record.Record) {
			update := func(p *corev1.Pod, at time.Time) (*status.State, []record.Record) {
				return rules.Update(before, p, at, false)
			}
			remove := func(p *corev1.Pod, at time.Time) (*status.State, []record.Record) {
				return nil, rules.Delete(before, p, at)
			}
			for _, learn := range []func(*corev1.Pod, time.Time) (*status.State, []record.Record){
				rules.Create, rules.Initial, rules.Found, update, remove,
			} {
				s, r := learn(p, time.Time{})
				states, records = append(states, s), append(records, r...)
			}
			return states, records
		}
		wantStates, want := recordsOf(&full)
		gotStates, got := recordsOf(&slim.Pod)
		if !reflect.DeepEqual(wantStates, gotStates) || !reflect.DeepEqual(want, got) {
			t.Errorf("%s: records %+v, want %+v", name, got, want)
		}
		before = wantStates[0]
	}
}

// TestKeepsNothing holds that a pod stays the same if the bytes change.
func TestKeepsNothing(t *testing.T) {
	d := NewDecoder(wanted)
	for name, p := range corpus(t, 100) {
		b := marshal(t, p)
		var pod, again Pod
		if err := d.Decode(b, &pod); err != nil {
			t.Fatal(err)
		}
		clear(b)
		if err := NewDecoder(wanted).Decode(marshal(t, p), &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(again.Pod, pod.Pod); diff != "" {
			t.Errorf("%s changed with its bytes (-want +got):\n%s", name, diff)
		}
	}
}

// TestEachField holds that the numbers of fields are those of the generated code:
// a pod that has one of them only comes whole.
func TestEachField(t *testing.T) {
	now := metav1.Unix(1521208805, 0)
	always := corev1.ContainerRestartPolicyAlways
	status := func(c corev1.ContainerStatus) corev1.Pod {
		return corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{c}}}
	}
	terminated := func(s corev1.ContainerStateTerminated) corev1.Pod {
		return status(corev1.ContainerStatus{LastTerminationState: corev1.ContainerState{Terminated: &s}})
	}
	waiting := func(s corev1.ContainerStateWaiting) corev1.Pod {
		return status(corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &s}})
	}
	meta := func(m metav1.ObjectMeta) corev1.Pod { return corev1.Pod{ObjectMeta: m} }
	owner := func(o metav1.OwnerReference) corev1.Pod {
		return meta(metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{o}})
	}
	condition := func(c corev1.PodCondition) corev1.Pod {
		return corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{c}}}
	}
	ephemeral := func(c corev1.EphemeralContainerCommon) corev1.Pod {
		return corev1.Pod{Spec: corev1.PodSpec{
			EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: c}},
		}}
	}
	resource := func(r corev1.ResourceStatus) corev1.Pod {
		return status(corev1.ContainerStatus{AllocatedResourcesStatus: []corev1.ResourceStatus{r}})
	}
	device := func(h corev1.ResourceHealth) corev1.Pod {
		return resource(corev1.ResourceStatus{Resources: []corev1.ResourceHealth{h}})
	}
	for name, p := range map[string]corev1.Pod{
		"name":             meta(metav1.ObjectMeta{Name: "x"}),
		"namespace":        meta(metav1.ObjectMeta{Namespace: "x"}),
		"uid":              meta(metav1.ObjectMeta{UID: "x"}),
		"resourceVersion":  meta(metav1.ObjectMeta{ResourceVersion: "x"}),
		"creation":         meta(metav1.ObjectMeta{CreationTimestamp: now}),
		"deletion":         meta(metav1.ObjectMeta{DeletionTimestamp: &now}),
		"grace":            meta(metav1.ObjectMeta{DeletionGracePeriodSeconds: new(int64(7))}),
		"labels":           meta(metav1.ObjectMeta{Labels: map[string]string{"k": "v"}}),
		"annotations":      meta(metav1.ObjectMeta{Annotations: map[string]string{wanted[1]: "v"}}),
		"owner apiVersion": owner(metav1.OwnerReference{APIVersion: "x"}),
		"owner kind":       owner(metav1.OwnerReference{Kind: "x"}),
		"owner name":       owner(metav1.OwnerReference{Name: "x"}),
		"owner uid":        owner(metav1.OwnerReference{UID: "x"}),
		"owner controller": owner(metav1.OwnerReference{Controller: new(true)}),

		"nodeName":                {Spec: corev1.PodSpec{NodeName: "x"}},
		"container name":          {Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "x"}}}},
		"container image":         {Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: "x"}}}},
		"init container":          {Spec: corev1.PodSpec{InitContainers: []corev1.Container{{Name: "x"}}}},
		"init container's policy": {Spec: corev1.PodSpec{InitContainers: []corev1.Container{{RestartPolicy: &always}}}},
		"ephemeral name":          ephemeral(corev1.EphemeralContainerCommon{Name: "x"}),
		"ephemeral image":         ephemeral(corev1.EphemeralContainerCommon{Image: "x"}),
		"ephemeral policy":        ephemeral(corev1.EphemeralContainerCommon{RestartPolicy: &always}),
		"phase":                   {Status: corev1.PodStatus{Phase: "x"}},
		"reason":                  {Status: corev1.PodStatus{Reason: "x"}},
		"message":                 {Status: corev1.PodStatus{Message: "x"}},
		"condition type":          condition(corev1.PodCondition{Type: "x"}),
		"condition status":        condition(corev1.PodCondition{Status: "x"}),
		"condition transition":    condition(corev1.PodCondition{LastTransitionTime: now}),
		"condition reason":        condition(corev1.PodCondition{Reason: "x"}),
		"condition message":       condition(corev1.PodCondition{Message: "x"}),
		"init status":             {Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{Name: "x"}}}},
		"ephemeral status": {Status: corev1.PodStatus{
			EphemeralContainerStatuses: []corev1.ContainerStatus{{Name: "x"}},
		}},
		"status name":     status(corev1.ContainerStatus{Name: "x"}),
		"status ready":    status(corev1.ContainerStatus{Ready: true}),
		"status restarts": status(corev1.ContainerStatus{RestartCount: 7}),
		"status image":    status(corev1.ContainerStatus{Image: "x"}),
		"status running": status(corev1.ContainerStatus{State: corev1.ContainerState{
			Running: &corev1.ContainerStateRunning{StartedAt: now},
		}}),
		"waiting reason":           waiting(corev1.ContainerStateWaiting{Reason: "x"}),
		"waiting message":          waiting(corev1.ContainerStateWaiting{Message: "x"}),
		"terminated exit code":     terminated(corev1.ContainerStateTerminated{ExitCode: -7}),
		"terminated signal":        terminated(corev1.ContainerStateTerminated{Signal: 7}),
		"terminated reason":        terminated(corev1.ContainerStateTerminated{Reason: "x"}),
		"terminated message":       terminated(corev1.ContainerStateTerminated{Message: "x"}),
		"terminated started":       terminated(corev1.ContainerStateTerminated{StartedAt: now}),
		"terminated finished":      terminated(corev1.ContainerStateTerminated{FinishedAt: now}),
		"terminated container ID ": terminated(corev1.ContainerStateTerminated{ContainerID: "x"}),
		"readiness gate":           {Spec: corev1.PodSpec{ReadinessGates: []corev1.PodReadinessGate{{ConditionType: "x"}}}},
		"resize":                   {Status: corev1.PodStatus{Resize: "x"}},
		"resource":                 resource(corev1.ResourceStatus{Name: "x"}),
		"device id":                device(corev1.ResourceHealth{ResourceID: "x"}),
		"device health":            device(corev1.ResourceHealth{Health: "x"}),
		"device message":           device(corev1.ResourceHealth{Message: new("x")}),
	} {
		t.Run(name, func(t *testing.T) {
			d, got := NewDecoder(wanted), new(Pod)
			if b := marshal(t, &p); !d.pod(b, got) {
				t.Fatal("left to the generated code")
			}
			if diff := cmp.Diff(p, got.Pod); diff != "" {
				t.Errorf("pod (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOddities: messages that protobuf allows and no API server writes.
func TestOddities(t *testing.T) {
	text := func(b []byte, field protowire.Number, s string) []byte {
		return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
	}
	number := func(b []byte, field protowire.Number, n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), n)
	}
	within := func(field protowire.Number, b []byte) []byte { return text(nil, field, string(b)) }
	group := func(b []byte, start, end protowire.Number) []byte {
		b = protowire.AppendTag(b, start, protowire.StartGroupType)
		b = text(b, 1, "in a group")
		return protowire.AppendTag(b, end, protowire.EndGroupType)
	}
	name := func(s string) []byte { return within(1, text(nil, 1, s)) }
	container := func(b []byte) []byte { return within(3, within(8, b)) }
	waiting := func(field protowire.Number, s string) []byte { return within(2, within(1, text(nil, field, s))) }
	for what, b := range map[string][]byte{
		"the last name counts": append(name("a"), name("b")...),
		"messages are merged":  append(name("a"), within(1, text(nil, 3, "ns"))...),
		"states are merged":    container(append(waiting(1, "reason"), waiting(2, "message")...)),
		"two states":           container(append(waiting(1, "reason"), within(2, within(3, nil))...)),
		"an empty state":       container(within(2, nil)),
		"ephemeral containers merge": within(2,
			within(34, append(within(1, text(nil, 1, "a")), within(1, text(nil, 2, "image"))...))),
		"an entry without a value": within(1, within(11, text(nil, 1, "k"))),
		"an entry without a key":   within(1, within(11, text(nil, 2, "v"))),
		"an empty entry":           within(1, within(11, nil)),
		"an entry with more":       within(1, within(11, text(text(text(nil, 2, "v"), 3, "x"), 1, "k"))),
		"a key twice": within(1,
			append(within(11, text(text(nil, 1, "k"), 2, "a")), within(11, text(text(nil, 1, "k"), 2, "b"))...)),
		"an entry of numbers":          within(1, within(11, number(number(nil, 1, 1), 2, 1))),
		"an entry that ends too early": within(1, append(within(11, []byte{1<<3 | 2, 3, 'a'}), text(nil, 1, "name")...)),
		"no annotation that is wanted": within(1, within(12, text(nil, 1, "other"))),
		"unknown fields":               append(text(number(nil, 1000, 5), 536870911, "x"), name("a")...),
		"a group":                      append(group(nil, 9, 9), name("a")...),
		"a group in a group": append(protowire.AppendTag(group(protowire.AppendTag(nil, 8,
			protowire.StartGroupType), 9, 9), 8, protowire.EndGroupType), name("a")...),
		"a group that another ends": append(group(nil, 9, 8), name("a")...),
		"a group that doesn't end":  protowire.AppendTag(nil, 9, protowire.StartGroupType),
		"an end of no group":        protowire.AppendTag(nil, 9, protowire.EndGroupType),
		"fixed numbers": protowire.AppendFixed64(protowire.AppendTag(
			protowire.AppendFixed32(protowire.AppendTag(nil, 9, protowire.Fixed32Type), 1), 9, protowire.Fixed64Type,
		), 1),
		"a negative count in five bytes": container([]byte{5 << 3, 0xff, 0xff, 0xff, 0xff, 0x0f}),
		"a number that is too long": container([]byte{
			5 << 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
		}),
		"a number in more bytes":       container([]byte{5 << 3, 0x81, 0x80, 0x80, 0x00}),
		"a boolean of 2":               container(number(nil, 4, 2)),
		"a field number beyond bounds": {0x82, 0x80, 0x80, 0x80, 0x80, 0x01, 0},
		"field number 0":               {0},
		"the wrong type":               number(nil, 1, 5),
		"the wrong type within":        within(1, number(nil, 1, 5)),
		"no time":                      within(1, within(9, nil)),
		"a time, then none":            within(1, append(within(8, number(nil, 1, 5)), within(8, nil)...)),
		"a time with nanoseconds":      within(1, within(8, number(number(nil, 1, 5), 2, 5))),
		"a time before 1970":           within(1, within(8, number(nil, 1, 1<<64-5))),
		"an unknown time":              within(1, within(8, number(nil, 3, 5))),
		"nothing":                      nil,
		"cut in a tag":                 {0x80},
		"cut in a length":              {1<<3 | 2, 0x80},
		"cut in a message":             name("abc")[:4],
		"a length beyond all":          {1<<3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
	} {
		t.Run(what, func(t *testing.T) {
			var full corev1.Pod
			d := NewDecoder(wanted)
			want, got := full.Unmarshal(b), d.Decode(b, new(Pod))
			if (want == nil) != (got == nil) || want != nil && want.Error() != got.Error() {
				t.Errorf("error %v, that of the generated code is %v", got, want)
			}
			check(t, what, d, b, new(Pod))
		})
	}
}

// TestTruncated: a pod that ends somewhere within is an error wherever it is one
// for the generated code.
func TestTruncated(t *testing.T) {
	b := marshal(t, apiscript.PodOfSize("shop", "cart", 5<<10))
	d, into := NewDecoder(wanted), new(Pod)
	for n := range b {
		if err, full := d.Decode(b[:n], into), new(corev1.Pod).Unmarshal(b[:n]); (err == nil) != (full == nil) {
			t.Errorf("after %d bytes: error %v, that of the generated code is %v", n, err, full)
		}
	}
}

// TestSteadyStream: the same pod again costs its name, uid and version. Three of
// its strings may have the same two places, but not with each decoder.
func TestSteadyStream(t *testing.T) {
	b := marshal(t, apiscript.PodOfSize("shop", "cart", 5<<10))
	least := math.Inf(1)
	for range 5 {
		d, into := NewDecoder(wanted), new(Pod)
		least = min(least, testing.AllocsPerRun(100, func() {
			if err := d.Decode(b, into); err != nil {
				t.Fatal(err)
			}
		}))
	}
	if least > 3 {
		t.Errorf("%v allocations", least)
	}
}

// FuzzDecode: whenever the generated code takes the bytes they are taken here,
// with the same result.
func FuzzDecode(f *testing.F) {
	for _, p := range corpus(f, 50) {
		f.Add(marshal(f, p))
	}
	d, used := NewDecoder(wanted), new(Pod)
	f.Fuzz(func(t *testing.T, b []byte) { check(t, "fuzz", d, b, used) })
}
