package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

func TestConformance(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "teams.yaml"), "shop: checkout")
	config, err := json.Marshal(map[string]string{"file": file, "label": "app.kubernetes.io/name"})
	if err != nil {
		t.Fatal(err)
	}
	enrichertest.Test(t, func() enricher.Enricher { return newTeams() }, enrichertest.Options{Config: string(config)})
}

// start configures a plugin, as a host would.
func start(t *testing.T, config map[string]string) (enrichv1.EnricherServiceServer, *enrichv1.Needs, error) {
	t.Helper()
	plugin := newTeams()
	plugin.SetLogger(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = plugin.Close() })
	server := enricher.NewServer(plugin)
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Configure(t.Context(), &enrichv1.ConfigureRequest{ConfigJson: string(text)})
	return server, answer.GetNeeds(), err
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// teamOf returns the plugin's team of a pod, "" if there is none.
func teamOf(t *testing.T, server enrichv1.EnricherServiceServer, pod *enrichv1.Pod) string {
	t.Helper()
	answer, err := server.Enrich(t.Context(), &enrichv1.EnrichRequest{Records: []*enrichv1.Record{{Pod: pod}}})
	if err != nil {
		t.Fatal(err)
	}
	patch := answer.GetPatches()[0]
	if patch.GetError() != "" {
		t.Errorf("error %q", patch.GetError())
	}
	kvs := patch.KeyValues()
	if len(kvs) == 0 {
		return ""
	}
	if len(kvs) != 1 || kvs[0].Key != "team.name" || kvs[0].Value.AsString() == "" {
		t.Errorf("got %v, want team.name only, and a team", kvs)
	}
	return kvs[0].Value.AsString()
}

func TestTeam(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "teams.yaml"), "shop: checkout\nbatch: größte\n")
	pod := func(namespace, key, value string) *enrichv1.Pod {
		return &enrichv1.Pod{Namespace: namespace, Labels: map[string]string{key: value}}
	}
	for name, tc := range map[string]struct {
		config map[string]string
		pod    *enrichv1.Pod
		want   string
	}{
		"the label":                       {nil, pod("shop", "team", "web"), "web"},
		"no label, no file":               {nil, pod("shop", "app", "web"), ""},
		"another label":                   {map[string]string{"label": "owner"}, pod("shop", "owner", "web"), "web"},
		"an empty key is the default":     {map[string]string{"label": ""}, pod("shop", "team", "web"), "web"},
		"the label wins over the file":    {map[string]string{"file": file}, pod("shop", "team", "web"), "web"},
		"the file":                        {map[string]string{"file": file}, pod("shop", "app", "web"), "checkout"},
		"an empty label is no team":       {map[string]string{"file": file}, pod("batch", "team", ""), "größte"},
		"a namespace that the file lacks": {map[string]string{"file": file}, pod("kube-system", "app", "dns"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			server, needs, err := start(t, tc.config)
			if err != nil {
				t.Fatal(err)
			}
			if got := teamOf(t, server, tc.pod); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			label := tc.config["label"]
			if label == "" {
				label = "team"
			}
			if !slices.Equal(needs.GetLabels(), []string{label}) || needs.GetPodOnly() {
				t.Errorf("needs %v, want the label %q", needs, label)
			}
		})
	}
}

func TestBadConfig(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct {
		config map[string]string
		want   string
	}{
		"an unknown key": {map[string]string{"files": "x"}, "unknown key files"},
		"no file":        {map[string]string{"file": filepath.Join(dir, "none.yaml")}, "file: open "},
		"no map":         {map[string]string{"file": write(t, filepath.Join(dir, "list.yaml"), "[shop]")}, "file: "},
		"no name":        {map[string]string{"file": write(t, filepath.Join(dir, "lists.yaml"), "shop: [a]")}, "file: "},
		"twice": {
			map[string]string{"file": write(t, filepath.Join(dir, "twice.yaml"), "shop: a\nshop: b")}, "file: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := start(t, tc.config)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestFileIsReadAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := write(t, filepath.Join(t.TempDir(), "teams.yaml"), "shop: checkout")
		plugin, log := newTeams(), &bytes.Buffer{}
		plugin.SetLogger(slog.New(slog.NewTextHandler(log, nil)))
		plugin.config.File = file
		if err := plugin.Configure([]byte("{}")); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct{ text, want, log string }{
			{"shop: retail", "retail", ""},
			{"shop: [", "retail", "teams stay as they were"},
			{"shop: market", "market", ""},
		} {
			log.Reset()
			write(t, file, step.text)
			time.Sleep(11 * time.Second) // of the bubble's time
			synctest.Wait()
			if got := teamOf(t, enricher.NewServer(plugin), &enrichv1.Pod{Namespace: "shop"}); got != step.want {
				t.Errorf("with %q: got %q, want %q", step.text, got, step.want)
			}
			if !strings.Contains(log.String(), step.log) || step.log == "" && log.Len() > 0 {
				t.Errorf("with %q: log %q, want %q", step.text, log, step.log)
			}
		}
		_ = plugin.Close() // the bubble ends when all goroutines have ended
	})
}
