package status

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/podwire"
)

var update = flag.Bool("update", false, "write the golden files anew")

// story is a golden's input: the events of one pod.
type story struct {
	Rules  Rules   `json:"rules"`
	Events []event `json:"events"`
}

// event is one version of the pod. Is selects the method of [Rules]. Merge is merged
// into the pod of the event before; a list replaces a list.
type event struct {
	Is    string         `json:"is"`
	Merge map[string]any `json:"merge"`
}

// TestGolden compares the records of each story in testdata/*.yaml with the file of
// the same name that ends in .txt. The records are the same if the state is stored
// and restored after each event, and if the pods are decoded from protobuf.
func TestGolden(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			got := play(t, path, asIs, unstored)
			golden := strings.TrimSuffix(path, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			again := play(t, path, asIs, func(s *State) *State { return stored(t, s) })
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("records with a state that was stored (-want +got):\n%s", diff)
			}
			wired := play(t, path, overTheWire(t), unstored)
			if diff := cmp.Diff(got, wired); diff != "" {
				t.Errorf("records of pods that came over the wire (-want +got):\n%s", diff)
			}
		})
	}
}

func unstored(s *State) *State { return s }

// sent returns the pod that a client with these rules receives from a server.
type sent func(*corev1.Pod, Rules) *corev1.Pod

func asIs(p *corev1.Pod, _ Rules) *corev1.Pod { return p }

// overTheWire decodes every pod into the memory of the one before and checks that its
// state is that of the whole pod.
func overTheWire(t *testing.T) sent {
	t.Helper()
	var into podwire.Pod
	return func(p *corev1.Pod, rules Rules) *corev1.Pod {
		b, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := podwire.NewDecoder(rules.AnnotationKeys()).Decode(b, &into); err != nil {
			t.Fatal(err)
		}
		if whole, slim := rules.Of(p), rules.Of(&into.Pod); !reflect.DeepEqual(whole, slim) {
			t.Errorf("state of a pod that came over the wire: %+v, want %+v", slim, whole)
		}
		return &into.Pod
	}
}

// play returns the records of a story. keep returns the state for the next event.
func play(t *testing.T, path string, send sent, keep func(*State) *State) string {
	t.Helper()
	var s story
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(b, &s); err != nil {
		t.Fatal(err)
	}
	var (
		out   strings.Builder
		state *State
		tree  = map[string]any{}
	)
	for i, e := range s.Events {
		merge(tree, e.Merge)
		at := time.Date(2018, 3, 16, 14, 0, i, 0, time.UTC)
		var records []record.Record
		state, records = apply(t, s.Rules, state, e.Is, send(podOf(t, tree, i), s.Rules), at)
		if state != nil {
			state = keep(state)
		}
		fmt.Fprintf(&out, "%s\n", e.Is)
		for _, r := range records {
			fmt.Fprintf(&out, "  %s\n", describe(r))
		}
	}
	return out.String()
}

func apply(t *testing.T, rules Rules, state *State, how string, pod *corev1.Pod, at time.Time) (*State, []record.Record) {
	t.Helper()
	switch how {
	case "created":
		return rules.Create(pod, at)
	case "initial":
		return rules.Initial(pod, at)
	case "found":
		return rules.Found(pod, at)
	case "updated":
		return rules.Update(state, pod, at, false)
	case "recovered":
		return rules.Update(state, pod, at, true)
	case "deleted":
		return nil, rules.Delete(state, pod, at)
	case "vanished":
		return nil, rules.Vanished(state, at)
	}
	t.Fatalf("no such event: %s", how)
	return nil, nil
}

// podOf returns the pod of an event, with a resourceVersion of its own.
func podOf(t *testing.T, tree map[string]any, i int) *corev1.Pod {
	t.Helper()
	b, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := yaml.UnmarshalStrict(b, &pod); err != nil {
		t.Fatal(err)
	}
	if pod.ResourceVersion == "" {
		pod.ResourceVersion = strconv.Itoa(100 + i)
	}
	return &pod
}

func merge(into, from map[string]any) {
	for key, value := range from {
		below, ok := value.(map[string]any)
		if have, is := into[key].(map[string]any); ok && is {
			merge(have, below)
			continue
		}
		if value == nil {
			delete(into, key)
			continue
		}
		into[key] = value
	}
}

func describe(r record.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", r.Action, r.Level, r.State)
	if r.HasReason() {
		fmt.Fprintf(&b, " reason=%q info=%q", r.Reason, r.Info)
	}
	if c := r.Container; c != nil {
		fmt.Fprintf(&b, " container=%s/%s image=%s ready=%t restarts=%d status=%s", c.Type, c.Name, c.Image, c.Ready, c.RestartCount, c.Status)
		if c.Terminated {
			fmt.Fprintf(&b, " exit=%d signal=%d", c.ExitCode, c.Signal)
		}
	}
	fmt.Fprintf(&b, " phase=%s node=%s", r.Pod.Phase, r.Pod.Node)
	if r.Pod.Reason != "" {
		fmt.Fprintf(&b, " podreason=%s", r.Pod.Reason)
	}
	if !r.OccurredAt.IsZero() {
		fmt.Fprintf(&b, " occurred=%s", r.OccurredAt.UTC().Format(time.RFC3339))
	}
	if r.Initial {
		b.WriteString(" initial")
	}
	if r.Recovered {
		b.WriteString(" recovered")
	}
	fmt.Fprintf(&b, " rv=%s msg=%q", r.ResourceVersion, r.Message)
	return strings.Join(strings.Fields(b.String()), " ")
}
