package hostile

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func reference(name string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: name, UID: "1", Controller: new(true)}
}

// build returns the path of the program: that in the variable PSL, such as an earlier version, or a new one.
func build(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("PSL"); path != "" {
		return path
	}
	path := filepath.Join(t.TempDir(), "pod-status-logger")
	build := exec.Command("go", "build", "-tags", "grpcnotrace", "-o", path, "../../cmd/pod-status-logger")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// TestHostilePods: a tenant has pods as large as an API server accepts. Within the limits of
// the chart the program stays alive and delivers all of their records, and other tenants do
// not notice.
func TestHostilePods(t *testing.T) {
	random := Random(t)
	vary := func(n int) int { return n*3/4 + random.IntN(n/2+1) }
	path := build(t)
	for name, a := range map[string]attack{
		"a pod with many containers and labels": {pods: 1, containers: 1000, labels: 150_000},
		"a pod with many containers":            {pods: 1, containers: vary(5000), labels: 1000},
		"a pod with very many labels":           {pods: 1, containers: vary(300), labels: vary(600_000)},
		"many pods with many labels":            {pods: 500, containers: 1, labels: 600_000, every: 50 * time.Millisecond},
		"a pod with long annotations":           {pods: 1, containers: vary(1000), annotations: vary(50_000)},
		"a pod with a long owner":               {pods: 1, containers: vary(1000), owner: vary(300_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Logf("%+v", a)
			run(t, path, a)
		})
	}
}

func run(t *testing.T, path string, a attack) {
	t.Helper()
	s := apiscript.NewServer(apiscript.WithBookmarks(2*time.Second), apiscript.WithHistory(2000))
	defer s.Close()
	r := newReceiver(t)
	g := newGroup(t, chartMemory)
	p := program.Start(t, g.command(program.Command{
		Path: path,
		Args: []string{
			"run", "--kubeconfig", kubeconfig(t, s), "--state-dir", t.TempDir(), "--listen", "127.0.0.1:0",
			"--otlp-endpoint", r.URL, "--otlp-protocol", "http/protobuf",
		},
		Env: []string{chartGoMemory},
	}))
	wait.Until(t, "the program watches", func() bool { return s.Streams() > 0 || ended(p) })
	n := newNeighbour(s)
	wait.Until(t, "records of the other tenant arrive", func() bool { got, _ := r.counts(); return got >= 50 || ended(p) })
	began := time.Now()
	for i := range a.pods {
		s.Create(a.pod(i))
		s.Update(hostile, fmt.Sprint("poison-", i), start)
		time.Sleep(time.Until(began.Add(time.Duration(i) * a.every)))
	}
	created := time.Now()
	wait.Until(t, "all records of the hostile tenant arrive", func() bool {
		_, got := r.counts()
		return got >= a.records() || ended(p)
	})
	if ended(p) {
		t.Fatalf("the program has ended: %v; %s", p.Wait(), g)
	}
	t.Logf("the hostile tenant: %d records within %s, the last %s after the last pod", a.records(),
		time.Since(began).Round(time.Millisecond), time.Since(created).Round(time.Millisecond))
	want := n.leave()
	wait.Until(t, "all records of the other tenant arrive", func() bool {
		got, _ := r.counts()
		return got >= want || ended(p)
	})
	if ended(p) {
		t.Fatalf("the program has ended: %v; %s", p.Wait(), g)
	}
	peak := peakOf(t, p.PID())
	t.Logf("peak %d MiB, %s; OTLP %d KiB, the largest record %d bytes", peak>>20, g, r.bytes>>10, r.largest)
	if peak > mostMemory {
		t.Errorf("peak of %d MiB, want at most %d", peak>>20, mostMemory>>20)
	}
	n.check(t, r)
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	if lines := strings.Count(p.Output(t), `"namespace":"`+hostile+`"`); lines != a.records() {
		t.Errorf("%d lines about the hostile tenant on stdout, want %d", lines, a.records())
	}
}

func ended(p *program.Program) bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

func kubeconfig(t *testing.T, s *apiscript.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c,
clusters: [{name: c, cluster: {server: %q}}], users: [{name: u}], contexts: [{name: c, context: {cluster: c, user: u}}]}
`, s.URL())
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
