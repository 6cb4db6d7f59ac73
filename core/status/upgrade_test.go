package status

import (
	"encoding/hex"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// earlier is the state of the pod "defer" in testdata/upgrade.jsonl at version 2730,
// as a version of the program stored it that kept only a hash of the conditions.
const earlier = "" +
	"0a2434306565383665612d363866302d346133612d393865362d363531343766383733313735120564656665721a0432373330" +
	"221d0a06726573697a651201636a0564656665727206726573697a657a01312a066e6f64652d31320752756e6e696e67420361707042056465" +
	"666572597ac2da2aa337f3966a090a01632801300238017d60182eb5"

// TestUpgrade checks that the states of an earlier version are read, that the next event
// of an unchanged pod makes no record, and that the conditions are compared from then on.
func TestUpgrade(t *testing.T) {
	b, err := hex.DecodeString(earlier)
	if err != nil {
		t.Fatal(err)
	}
	state, err := ParseState(b)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1, 0)
	versions := versionsOf(t, "defer")
	next := func(version string, recovered bool, want ...string) {
		t.Helper()
		var got []string
		s, records := Rules{}.Update(state, versions[version], at, recovered)
		for _, r := range records {
			got = append(got, r.Message)
		}
		state = stored(t, s)
		if len(got) != len(want) || len(want) > 0 && got[0] != want[0] {
			t.Errorf("version %s has records %q, want %q", version, got, want)
		}
	}
	if !state.SameVersion(versions["2730"]) {
		t.Errorf("the state belongs to version %s", state.ResourceVersion())
	}
	next("2730", true)
	next("2757", false, "pod resize/defer is being resized", "pod resize/defer is no longer waiting to be resized")
	if state, err = ParseState(b); err != nil {
		t.Fatal(err)
	}
	next("2757", false) // its conditions are adopted without records
	next("2759", false, "pod resize/defer is no longer being resized")
}

// versionsOf returns the versions of a pod in testdata/upgrade.jsonl.
func versionsOf(t *testing.T, name string) map[string]*corev1.Pod {
	t.Helper()
	versions := map[string]*corev1.Pod{}
	for _, step := range recorded(t, "testdata/upgrade.jsonl").steps {
		if step.pod.Name == name {
			versions[step.pod.ResourceVersion] = step.pod
		}
	}
	return versions
}
