package bundle

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

var update = flag.Bool("update", false, "write the golden files and the table in docs/bundles.md anew")

// story is a golden's input: pods to enrich under one configuration.
type story struct {
	Config json.RawMessage `json:"config"`
	Pods   []struct {
		Is  string          `json:"is"`
		Pod json.RawMessage `json:"pod"`
	} `json:"pods"`
}

// TestGolden enriches each pod of each story in testdata/*.yaml, and compares the patches with
// the .txt file of the same name.
func TestGolden(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(stories) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, path := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			got := patches(t, path)
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
				t.Errorf("patches (-want +got):\n%s", diff)
			}
		})
	}
}

func patches(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s story
	if err := yaml.UnmarshalStrict(b, &s); err != nil {
		t.Fatal(err)
	}
	h := newHost(t, string(s.Config))
	var out strings.Builder
	for _, p := range s.Pods {
		pod := &enricher.Pod{Name: "web-0", Namespace: "shop", Uid: "4f6d"}
		parsed := &enricher.Pod{}
		if err := protojson.Unmarshal(p.Pod, parsed); err != nil {
			t.Fatalf("%s: %v", p.Is, err)
		}
		merge(pod, parsed)
		fmt.Fprintf(&out, "%s\n%s", p.Is, describe(h.ask(pod)))
	}
	return out.String()
}

// merge overlays a pod with a story's fields.
func merge(pod, over *enricher.Pod) {
	if over.Name != "" {
		pod.Name = over.Name
	}
	if over.Namespace != "" {
		pod.Namespace = over.Namespace
	}
	if over.Uid != "" {
		pod.Uid = over.Uid
	}
	pod.Labels, pod.Annotations = over.Labels, over.Annotations
	pod.Owners, pod.OwnersPending = over.Owners, over.OwnersPending
}

func describe(p *enrichv1.Patch) string {
	var out strings.Builder
	for _, a := range p.GetAttributes() {
		if a.GetKey() == name+"."+attrVerified {
			fmt.Fprintf(&out, "  %s = %t\n", a.GetKey(), a.GetBoolValue())
			continue
		}
		fmt.Fprintf(&out, "  %s = %s\n", a.GetKey(), a.GetStringValue())
	}
	if p.GetTraceparent() != "" {
		fmt.Fprintf(&out, "  traceparent %s\n", p.GetTraceparent())
	}
	if out.Len() == 0 {
		return "  nothing\n"
	}
	return out.String()
}

// host filters a pod as the real one does: the plugin sees only its needs.
type host struct {
	t      testing.TB
	server enrichv1.EnricherServiceServer
	needs  *enrichv1.Needs
}

func newHost(t testing.TB, config string) *host {
	t.Helper()
	h := &host{t: t, server: enricher.NewServer(New("test"))}
	if config == "" {
		config = "{}"
	}
	response, err := h.server.Configure(context.Background(), &enrichv1.ConfigureRequest{ConfigJson: config})
	if err != nil {
		t.Fatal(err)
	}
	h.needs = response.GetNeeds()
	return h
}

func (h *host) ask(pod *enricher.Pod) *enrichv1.Patch {
	h.t.Helper()
	response, err := h.server.Enrich(context.Background(), &enrichv1.EnrichRequest{
		Records: []*enrichv1.Record{{Pod: h.filter(pod)}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return response.GetPatches()[0]
}

func (h *host) filter(pod *enricher.Pod) *enricher.Pod {
	seen := &enricher.Pod{
		Name: pod.GetName(), Namespace: pod.GetNamespace(), Uid: pod.GetUid(), OwnersPending: pod.GetOwnersPending(),
		Labels: only(pod.GetLabels(), h.needs.GetLabels()), Annotations: only(pod.GetAnnotations(), h.needs.GetAnnotations()),
	}
	if h.needs.GetOwners() == nil {
		seen.OwnersPending = false
		return seen
	}
	for _, o := range pod.GetOwners() {
		seen.Owners = append(seen.Owners, &enricher.Owner{
			ApiVersion: o.GetApiVersion(), Kind: o.GetKind(), Name: o.GetName(), Uid: o.GetUid(),
			Labels:      only(o.GetLabels(), h.needs.GetOwners().GetLabels()),
			Annotations: only(o.GetAnnotations(), h.needs.GetOwners().GetAnnotations()),
		})
	}
	return seen
}

func only(m map[string]string, keys []string) map[string]string {
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(key, _ string) bool { return !slices.Contains(keys, key) })
	return m
}
