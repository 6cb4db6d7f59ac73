// Team is a plugin that adds the team of a pod, from a label of the pod or from a file of
// namespaces. It uses most features of plugins.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"sync/atomic"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// rereadEvery is short compared with the minute in which a changed ConfigMap reaches a pod.
const rereadEvery = 10 * time.Second

// teams is no [enricher.PodOnly], because its answers change with the file.
type teams struct {
	log    *slog.Logger
	config struct {
		File  string `json:"file"`  // YAML that maps namespaces to teams; may be empty
		Label string `json:"label"` // key of the label that overrides the file
	}
	byNamespace atomic.Pointer[map[string]string]
	reread      *time.Timer
}

var (
	_ enricher.Configurer  = (*teams)(nil)
	_ enricher.LabelNeeder = (*teams)(nil)
	_ enricher.Logger      = (*teams)(nil)
	_ io.Closer            = (*teams)(nil)
)

func newTeams() *teams {
	t := &teams{}
	t.byNamespace.Store(&map[string]string{})
	t.reread = time.AfterFunc(math.MaxInt64, t.follow) // Configure sets it if there is a file
	return t
}

func (*teams) Describe() enricher.Description {
	return enricher.Description{Name: "team", Version: "1.0.0"}
}

func (t *teams) SetLogger(log *slog.Logger) { t.log = log }

func (t *teams) Configure(config []byte) error {
	if err := enricher.Decode(config, &t.config); err != nil {
		return err
	}
	t.config.Label = cmp.Or(t.config.Label, "team")
	if t.config.File == "" {
		return nil
	}
	t.reread.Reset(rereadEvery)
	return t.read()
}

// NeedsLabels limits the labels that the host sends.
func (t *teams) NeedsLabels() []string { return []string{t.config.Label} }

func (t *teams) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	name := cmp.Or(r.GetPod().GetLabels()[t.config.Label], (*t.byNamespace.Load())[r.GetPod().GetNamespace()])
	if name != "" { // a pod without a team is no error
		p.SetString("name", name)
	}
	return nil
}

func (t *teams) Close() error {
	t.reread.Stop()
	return nil
}

func (t *teams) follow() {
	if err := t.read(); err != nil {
		t.log.Error("teams stay as they were", "error", err)
	}
	t.reread.Reset(rereadEvery)
}

func (t *teams) read() error {
	var byNamespace map[string]string
	text, err := os.ReadFile(t.config.File)
	if err == nil {
		err = yaml.UnmarshalStrict(text, &byNamespace)
	}
	if err != nil {
		return fmt.Errorf(`file: %w; want YAML that maps namespaces to teams, such as "shop: checkout"`, err)
	}
	t.byNamespace.Store(&byNamespace)
	return nil
}

func main() { enricher.Serve(newTeams()) }
