//go:build e2e

package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

type object = map[string]any

// clashing are labels that look like other fields.
var clashing = map[string]string{
	"pod": "1", "time": "2", "level": "3", "msg": "4", "state": "5", "reason": "", "trace_id": "7", "record_id": "8",
	"seq": "9", "truncated": "10",
	"label.pod": "11", "label.label.pod": "12", "label.other": "13", "k8s.pod.name": "14", "podstatus.state": "15",
	"log.record.uid": "16",
	"bundle.id":      "17", "bundle.other": "18", "bundle": "by-label", "typed.text": "19", "typed": "20",
	"service.name":    "21",
	"k8s.pod.label.x": "22", "$1": "$$1",
	"Namespace": "23", "POD_UID": "24", "Bundle.ID": "25", "K8S.Pod.Name": "26", "label.Pod": "27", "Label.pod": "28",
	"empty": "", "number": "123", "float": "1e3", "bool": "true", "null": "null", "object": `{"a":1}`, "list": "[1]",
}

// messages are Kubernetes' messages about a container.
var messages = map[string]string{
	"control characters": "quote \" backslash \\ tab \t newline \n return \r null \u0000 escape \u001b[31m delete " +
		"\u007f next \u0085 end",
	"unicode":   "separators \u2028\u2029 no break \u00a0 zażółć 日本語 🚀 byte order \ufeff replaced \ufffd",
	"spaces":    "  before and after\t ",
	"variables": "${env:HOME} $HOME $1 $$ %{x} {{ . }} <a&b>",
	"json":      `{"time":"2001-01-01T00:00:00Z","pod":"other"}`,
	"number":    "12345678901234567890",
	"long":      strings.Repeat("a message above 16 KiB żółć ", 1000),
	"none":      "",
}

// recording returns kubectl's output for all kinds of changes, after its output for the pod in
// the seed.
func recording(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(read(t, root+"cmd/pod-status-logger/testdata/seed.jsonl"))
	encode := json.NewEncoder(&b)
	encode.SetEscapeHTML(false)
	version := 2000
	add := func(kind string, pod object) {
		version++
		pod["metadata"].(object)["resourceVersion"] = strconv.Itoa(version)
		if err := encode.Encode(object{"type": kind, "object": pod}); err != nil {
			t.Fatal(err)
		}
	}
	for name, message := range messages {
		pod := newPod("message-" + strings.ReplaceAll(name, " ", "-"))
		add("ADDED", pod)
		pod["status"].(object)["containerStatuses"] = []object{status("app",
			object{"waiting": object{"reason": "ErrImagePull", "message": message}})}
		add("MODIFIED", pod)
		pod["status"].(object)["containerStatuses"] = []object{status("app",
			object{"terminated": object{
				"reason": "OOMKilled", "exitCode": 137, "signal": 9, "message": message, "finishedAt": "2026-11-23T16:45:24Z",
			}})}
		add("MODIFIED", pod)
		add("DELETED", pod)
	}
	pod := newPod("labels")
	pod["metadata"].(object)["labels"] = clashing
	pod["metadata"].(object)["annotations"] = object{
		"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}
	add("ADDED", pod)
	pod["status"] = object{"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
	add("MODIFIED", pod)

	pod = newPod("many-labels")
	labels := object{}
	for i := range 200 {
		labels[fmt.Sprintf("example.org/label-%d", i)] = strings.Repeat("x", i)
	}
	pod["metadata"].(object)["labels"] = labels
	add("ADDED", pod)

	for name, owner := range map[string]string{
		"of-a-deployment": "ReplicaSet app-64d8cc85cd", "of-a-statefulset": "StatefulSet app",
		"of-a-daemonset": "DaemonSet app",
		"of-a-job":       "Job app", "of-a-cronjob": "Job app-29924200", // 2026-11-23T16:40Z in minutes
	} {
		pod = newPod(name)
		kind, owner, _ := strings.Cut(owner, " ")
		group := "apps/v1"
		if kind == "Job" {
			group = "batch/v1"
		}
		pod["metadata"].(object)["labels"] = object{"pod-template-hash": "64d8cc85cd"}
		pod["metadata"].(object)["ownerReferences"] = []object{{
			"apiVersion": group, "kind": kind, "name": owner, "uid": "uid-of-owner", "controller": true,
		}}
		add("ADDED", pod)
	}
	file := filepath.Join(t.TempDir(), "recorded.jsonl")
	write(t, file, []byte(b.String()))
	return file
}

func newPod(name string) object {
	return object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{
			"name": name, "namespace": "shop", "uid": "uid-of-" + name, "creationTimestamp": "2026-11-23T16:44:00Z",
		},
		"spec": object{
			"nodeName":   "node-1",
			"containers": []object{{"name": "app", "image": "registry.example.org:5000/shop/app:1.2.3@sha256:abc"}},
		},
		"status": object{"phase": "Pending"},
	}
}

func status(name string, state object) object {
	return object{
		"name": name, "image": "registry.example.org:5000/shop/app:1.2.3", "state": state, "ready": false, "restartCount": 3,
	}
}

// typed is a plugin that adds a value of every type.
type typed struct{}

func (typed) Describe() enricher.Description {
	return enricher.Description{Name: "typed", Version: "1.0.0"}
}

func (typed) Enrich(_ context.Context, _ *enricher.Record, p *enricher.Patch) error {
	p.SetString("text", "123")
	p.SetString("empty", "")
	p.SetString("unicode", "\u2028 zażółć\n")
	p.SetString("time", "2026-11-23T16:45:24Z")
	p.SetBool("yes", true)
	p.SetBool("no", false)
	p.SetInt("zero", 0)
	p.SetInt("max", math.MaxInt64)
	p.SetInt("min", math.MinInt64)
	p.SetFloat("half", 0.5)
	p.SetFloat("whole", 3)
	p.SetFloat("small", 5e-324)
	p.SetFloat("huge", 1e+300)
	return nil
}

// typedPlugin returns a configuration with the plugin, which is this test's executable.
func typedPlugin(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "config.yaml")
	write(t, file, []byte(`
apiVersion: podstatus/v1alpha1
kind: Config
plugins:
- {name: bundle, builtin: bundle}
- {name: typed, command: `+self+`, args: [`+pluginArgument+`], timeout: 10s}
`))
	return file
}

const pluginArgument = "serve-typed-plugin"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == pluginArgument {
		enricher.Serve(typed{})
		return
	}
	os.Exit(m.Run())
}
