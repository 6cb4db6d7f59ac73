package status

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
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

// story is a golden's input: the versions of one or several pods.
type story struct {
	rules Rules
	steps []step
}

// step is one version of a pod. how selects the method of [Rules].
type step struct {
	how, title string
	pod        *corev1.Pod
}

// TestGolden compares the records of each story in testdata with the file of the same
// name that ends in .txt. The records are the same if the state is stored and restored
// after each event, and if the pods are decoded from protobuf.
//
// A story is a YAML file, or the output of kubectl get pods -w --output-watch-events
// -o json. Those in testdata/node were recorded from a real node.
func TestGolden(t *testing.T) {
	for path, s := range stories(t) {
		t.Run(path, func(t *testing.T) {
			got := play(t, s, asIs, unstored)
			golden := filepath.Join("testdata", path+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			again := play(t, s, asIs, func(s *State) *State { return stored(t, s) })
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("records with a state that was stored (-want +got):\n%s", diff)
			}
			wired := play(t, s, overTheWire(t), unstored)
			if diff := cmp.Diff(got, wired); diff != "" {
				t.Errorf("records of pods that came over the wire (-want +got):\n%s", diff)
			}
		})
	}
}

// stories returns all stories by their paths without the extension.
func stories(t *testing.T) map[string]story {
	t.Helper()
	all := map[string]story{}
	err := filepath.WalkDir("testdata", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, "testdata"+string(filepath.Separator)))
		switch ext := filepath.Ext(path); ext {
		case ".yaml":
			all[strings.TrimSuffix(name, ext)] = handwritten(t, path)
		case ".jsonl":
			s := recorded(t, path)
			all[strings.TrimSuffix(name, ext)] = s
			if initial, ok := s.asInitial(); ok {
				all[strings.TrimSuffix(name, ext)+".initial"] = initial
			}
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%d stories: %v", len(all), err)
	}
	return all
}

// asInitial returns the story with all pods as initial ones, if nothing happens to them.
func (s story) asInitial() (initial story, ok bool) {
	for _, step := range s.steps {
		if step.how != "created" {
			return story{}, false
		}
		step.how = "initial"
		initial.steps = append(initial.steps, step)
	}
	return initial, true
}

// handwritten reads a story of one pod. Merge is merged into the pod of the event
// before; a list replaces a list.
func handwritten(t *testing.T, path string) story {
	t.Helper()
	var file struct {
		Rules  Rules `json:"rules"`
		Events []struct {
			Is    string         `json:"is"`
			Merge map[string]any `json:"merge"`
		} `json:"events"`
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(b, &file); err != nil {
		t.Fatal(path, err)
	}
	s := story{rules: file.Rules}
	tree := map[string]any{}
	for i, e := range file.Events {
		merge(tree, e.Merge)
		s.steps = append(s.steps, step{e.Is, e.Is, podOf(t, tree, i)})
	}
	return s
}

// recorded reads a story of several pods.
func recorded(t *testing.T, path string) (s story) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		var event struct {
			Type   string      `json:"type"`
			Object *corev1.Pod `json:"object"`
		}
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(path, err)
		}
		how := map[string]string{"ADDED": "created", "MODIFIED": "updated", "DELETED": "deleted"}[event.Type]
		s.steps = append(s.steps, step{how, how + " " + event.Object.Name, event.Object})
	}
	return s
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
func play(t *testing.T, s story, send sent, keep func(*State) *State) string {
	t.Helper()
	var out strings.Builder
	states, ids := map[string]*State{}, map[record.ID]bool{}
	for i, step := range s.steps {
		at := time.Date(2018, 3, 16, 14, 0, i, 0, time.UTC)
		pod := send(step.pod, s.rules)
		state, records := apply(t, s.rules, states[pod.Name], step.how, pod, at)
		if state != nil {
			state = keep(state)
		}
		states[pod.Name] = state
		fmt.Fprintf(&out, "%s\n", step.title)
		for _, r := range records {
			if ids[r.ID] {
				t.Errorf("an earlier record has the id of %q", r.Message)
			}
			ids[r.ID] = true
			fmt.Fprintf(&out, "  %s\n", describe(r))
		}
	}
	return out.String()
}

func apply(t *testing.T, rules Rules, state *State, how string, pod *corev1.Pod, at time.Time) (*State,
	[]record.Record,
) {
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
		fmt.Fprintf(&b, " container=%s/%s image=%s ready=%t restarts=%d status=%s", c.Type, c.Name, c.Image, c.Ready,
			c.RestartCount, c.Status)
		if c.Terminated {
			fmt.Fprintf(&b, " exit=%d signal=%d", c.ExitCode, c.Signal)
		}
		if c.Device != nil {
			fmt.Fprintf(&b, " device=%s/%s/%s", c.Device.Resource, c.Device.ID, c.Device.Health)
		}
	}
	if r.Condition != nil {
		fmt.Fprintf(&b, " condition=%s/%s", r.Condition.Type, r.Condition.Status)
	}
	fmt.Fprintf(&b, " phase=%s node=%s", r.Pod.Phase, r.Pod.Node)
	if r.Pod.Reason != "" {
		fmt.Fprintf(&b, " podreason=%s", r.Pod.Reason)
	}
	if !r.OccurredAt.IsZero() {
		fmt.Fprintf(&b, " occurred=%s", r.OccurredAt.UTC().Format(time.RFC3339))
	}
	if r.Action == record.Create && r.Pod.Workload != (record.Workload{}) {
		fmt.Fprintf(&b, " service=%s workload=%v", r.Pod.Service.Name, r.Pod.Workload)
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
