//go:build node

package chart

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

const (
	// The name of all objects of a release that is called like the chart.
	release   = "pod-status-logger"
	container = "pod-status-logger"
)

// logger is the program as a release, or the manifests, runs it in a namespace.
type logger struct {
	cluster
	ns, workload string
}

// pod is the name of the program's only pod that is not being deleted.
func (l logger) pod() (name string) {
	l.t.Helper()
	nodetest.Eventually(l.t, "the program has a pod", func() bool {
		names := strings.Fields(l.kubectl(l.ns, "get", "pods", "--selector=app.kubernetes.io/name=pod-status-logger",
			`--output=go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{end}}{{end}}`))
		if len(names) == 1 {
			name = names[0]
		}
		return name != ""
	})
	return name
}

// status returns a part of the status of the program's container.
func (l logger) status(pod, path string) string {
	l.t.Helper()
	return l.kubectl(l.ns, "get", "pod", pod, "--output=jsonpath={.status.containerStatuses[0]."+path+"}")
}

// awaitReady waits until the program has been restarted that often and is ready.
func (l logger) awaitReady(pod, restarts string) {
	l.t.Helper()
	nodetest.Eventually(l.t, "the program is ready after "+restarts+" restarts", func() bool {
		return l.status(pod, "restartCount") == restarts && l.status(pod, "ready") == "true"
	})
}

// signal sends a signal to the program in its container.
func (l logger) signal(pod string, signal syscall.Signal) {
	l.t.Helper()
	_, id, _ := strings.Cut(l.status(pod, "containerID"), "://")
	l.Run(l.t, "ctr", "tasks", "kill", "--signal", signalNames[signal], id)
}

var signalNames = map[syscall.Signal]string{syscall.SIGKILL: "SIGKILL", syscall.SIGTERM: "SIGTERM"}

// on returns the same program for a subtest.
func (l logger) on(t *testing.T) logger {
	l.t = t
	return l
}

// seen waits for the record of the creation of a pod in the program's own namespace.
func (l logger) seen(pod string) record {
	l.t.Helper()
	return l.awaitRecord(l.workload, l.ns, pod)
}

// follow reads the program's log until the container ends.
func (l logger) follow(pod string) (wait func() []record) {
	l.t.Helper()
	var out bytes.Buffer
	cmd := l.Enter("kubectl", "--namespace", l.ns, "logs", "--follow", pod, "--container", container)
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	l.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return func() []record {
		l.t.Helper()
		select {
		case err := <-ended:
			if err != nil {
				l.t.Fatal(err)
			}
		case <-time.After(nodetest.Patience):
			l.t.Fatal("the log does not end")
		}
		return records(l.t, out.Bytes())
	}
}

// get returns the status code of one of the program's health pages, 0 if it does not
// answer.
func (l logger) get(address, path string) int {
	client := http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{DialContext: l.Dial, DisableKeepAlives: true},
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+address+":9464"+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// install installs the chart under its own name. It is uninstalled after the test.
func (c cluster) install(ns, workload string, values ...string) logger {
	c.t.Helper()
	c.helm(ns, "install", release, values...)
	c.t.Cleanup(func() { c.helm(ns, "uninstall", release) })
	return logger{c, ns, workload + "/" + release}
}

// checkContinues checks that the records of a process follow those of the process before
// it. The last ones before the end may come once more.
func checkContinues(t *testing.T, before, after []record) {
	t.Helper()
	if len(before) == 0 || len(after) == 0 {
		t.Fatalf("%d records before, %d after", len(before), len(after))
	}
	checkSequence(t, before)
	checkSequence(t, after)
	if last, next := before[len(before)-1].Seq, after[0].Seq; next < 2 || next > last+1 {
		t.Errorf("after seq %d comes %d in the next process", last, next)
	}
	for _, rec := range after {
		if rec.Initial {
			t.Errorf("seq %d is initial again: pod %s", rec.Seq, rec.Pod)
		}
	}
}

// checkEnd checks how the last process of the program ended. Its termination message is
// empty: a part of its own records would become the info of a record.
func (l logger) checkEnd(pod, state, wantExitCode string) {
	l.t.Helper()
	if got := l.status(pod, state+".terminated.exitCode"); got != wantExitCode {
		l.t.Errorf("the program ended with exit code %s, want %s", got, wantExitCode)
	}
	if got := l.status(pod, state+".terminated.message"); got != "" {
		l.t.Errorf("the termination message is %q", got)
	}
}
