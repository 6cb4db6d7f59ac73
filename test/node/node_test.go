package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is the command, as the Makefile builds it.
const program = "bin/node"

// TestNode runs the whole command: a pod runs, crashes and is seen to, components
// die and come back, and nothing is left in the end.
func TestNode(t *testing.T) {
	// Not t.TempDir: its name may be too long for a socket.
	dir, err := os.MkdirTemp("", "node")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command(program, "down", "--dir", dir).Run()
		if !t.Failed() {
			_ = os.RemoveAll(dir)
		}
	})
	before := leftovers(t, dir)
	first := node(t, "up", "--dir", dir)
	if again := node(t, "up", "--dir", dir); again != first {
		t.Errorf("up, again: %s, want the same as before: %s", again, first)
	}
	kubectl := func(args ...string) string {
		return node(t, append([]string{"enter", "--dir", dir, "--", "kubectl"}, args...)...)
	}
	run := func(pod string, command ...string) {
		kubectl(append([]string{
			"run", pod, "--image=" + boxImage, "--image-pull-policy=IfNotPresent", "--restart=Never", "--command", "--",
		}, command...)...)
	}
	run("a", "sh", "-c", "exit 7")
	kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].state.terminated.exitCode}=7", "pod/a", "--timeout=120s")
	end := func(action, name string) {
		node(t, "component", action, name, "--dir", dir)
		node(t, "component", "start", name, "--dir", dir)
	}
	end("kill", kubelet)
	end("kill", containerd)
	end("kill", apiServer)
	end("stop", apiServer) // with the watches of all others open
	run("b", "sleep", "1000")
	kubectl("wait", "--for=condition=Ready", "pod/b", "--timeout=120s")
	if out := kubectl("exec", "b", "--", "echo", "from the container"); out != "from the container\n" {
		t.Errorf("exec: %q", out)
	}
	node(t, "down", "--dir", dir)
	node(t, "down", "--dir", dir)
	if after := leftovers(t, dir); after != before {
		t.Errorf("left behind:\n%s\nbefore there was:\n%s", after, before)
	}
}

func node(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// leftovers lists the mounts, control groups, processes and folders outside its own that a
// node could leave on the machine.
func leftovers(t *testing.T, dir string) string {
	t.Helper()
	var found []string
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		t.Fatal(err)
	}
	f := folder(dir)
	for line := range strings.Lines(string(mounts)) { // others may mount meanwhile, too
		for _, word := range []string{dir, f.cgroup(), "containerd", "kubelet", "netns", "cni"} {
			if strings.Contains(line, word) {
				found = append(found, line)
				break
			}
		}
	}
	for _, pattern := range []string{
		cgroups + f.cgroup(), cgroups + "/*" + f.cgroup(),
		"/opt/containerd", "/opt/cni", "/etc/cni", "/etc/kubernetes", "/run/containerd", "/var/lib/kubelet",
		"/var/lib/containerd", "/var/lib/cni", "/var/log/pods", "/var/log/containers", "/usr/libexec/kubernetes",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range processes {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), dir) {
			found = append(found, fmt.Sprintf("%s: %s", file, text))
		}
	}
	return strings.Join(found, "\n")
}

// TestUpCleansUp: an up that fails leaves nothing running.
func TestUpCleansUp(t *testing.T) {
	dir, bad := t.TempDir(), filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("maxPods: many\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := leftovers(t, dir)
	out, err := exec.Command(program, "up", "--dir", dir, "--kubelet-config", bad).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "start kubelet") {
		t.Fatalf("up with a bad configuration of the kubelet: %v\n%s", err, out)
	}
	if after := leftovers(t, dir); after != before {
		t.Errorf("left behind:\n%s\nbefore there was:\n%s", after, before)
	}
}

func TestUpRefusesHiddenFolders(t *testing.T) {
	f := folder("/run/somewhere")
	if err := f.reset(); err == nil || !strings.Contains(err.Error(), "/run of its own") {
		t.Errorf("error: %v", err)
	}
}

func TestState(t *testing.T) {
	f := folder(t.TempDir())
	want := newState(f, upOptions{bin: "/b", clusterBin: "/c", apiServerArgs: []string{"--v=3"}})
	if err := f.save(want); err != nil {
		t.Fatal(err)
	}
	_, got, err := load(string(f))
	if err != nil {
		t.Fatal(err)
	}
	text := func(s state) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if text(got) != text(want) {
		t.Errorf("state: %s, want %s", text(got), text(want))
	}
	if _, err := got.component("kwok"); err == nil || !strings.Contains(err.Error(), "etcd, kube-apiserver") {
		t.Errorf("unknown component: %v", err)
	}
}
