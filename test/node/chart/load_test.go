//go:build node

package chart

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

// TestLoad gives the program more to do than a node of this size ever does, with a quarter of
// the memory that the chart allows. Other tests would slow it down, and see its pods.
func TestLoad(t *testing.T) {
	c := theCluster(t)
	ns := c.namespace("load")
	c.volume(ns, release)
	l := c.install(ns, "statefulset",
		"--set=resources.limits.memory=128Mi,goMemLimit=64MiB,config.watch.namespaces={"+ns+"}")
	pod := l.pod()
	t.Run("log rotation", func(t *testing.T) { l.on(t).rotate(pod) })
	t.Run("memory", func(t *testing.T) { l.on(t).burst(pod) })
	if err := l.request(http.MethodDelete, "?labelSelector=load%3Dyes", ""); err != nil {
		t.Error(err)
	}
}

// rotate makes the container's log long enough for the kubelet to rotate it. The files have
// every record, each on one line that the runtime did not split.
func (l logger) rotate(pod string) {
	long := map[string]string{}
	for i := range 200 {
		long[fmt.Sprintf("example.com/label-%050d", i)] = strings.Repeat("x", 63)
	}
	l.createMany("rotated", 400, long)
	var all []record
	nodetest.Eventually(l.t, "the log is rotated and has the last pod", func() bool {
		var files int
		all, files = l.logFiles(pod)
		return files > 1 && slices.ContainsFunc(all, func(r record) bool { return r.Pod == "rotated-399" })
	})
	checkSequence(l.t, all)
	if all[0].Seq != 1 {
		l.t.Errorf("the first seq is %d", all[0].Seq)
	}
}

// burst creates pods as fast as the API server takes them.
func (l logger) burst(pod string) {
	l.createMany("burst", 2000, nil)
	nodetest.Eventually(l.t, "the record of the last pod", func() bool {
		all, _ := l.logFiles(pod)
		return slices.ContainsFunc(all, func(r record) bool { return r.Pod == "burst-1999" })
	})
	l.awaitReady(pod, "0")
}

// createMany creates pods that stay Pending. The first one also has the given labels.
func (l logger) createMany(name string, n int, first map[string]string) {
	l.t.Helper()
	var posts errgroup.Group
	posts.SetLimit(8)
	for i := range n {
		posts.Go(func() error {
			var more strings.Builder
			if i == 0 {
				for key, value := range first {
					fmt.Fprintf(&more, "    %s: %s\n", key, value)
				}
			}
			return l.request(http.MethodPost, "", fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: %s-%d
  labels:
    load: "yes"
%s%s`, name, i, more.String(), gatedSpec))
		})
	}
	if err := posts.Wait(); err != nil {
		l.t.Fatal(err)
	}
}

// request sends a request about the pods of the program's namespace.
func (l logger) request(method, query, body string) error {
	url := l.URL + "/api/v1/namespaces/" + l.ns + "/pods" + query
	request, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/yaml")
	response, err := l.Client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %.300s", method, url, response.Status, text)
	}
	return err
}

// logFiles reads the files of the container's log, and returns how many there are.
func (l logger) logFiles(pod string) (all []record, files int) {
	l.t.Helper()
	paths, err := filepath.Glob(filepath.Join(l.Dir, "var-log", "pods", l.ns+"_"+pod+"_*", container, "0.log*"))
	if err != nil {
		l.t.Fatal(err)
	}
	slices.SortFunc(paths, func(a, b string) int { return strings.Compare(age(a), age(b)) })
	var lines bytes.Buffer
	for _, path := range paths {
		if strings.HasSuffix(path, ".tmp") {
			continue
		}
		text, err := readLog(path)
		if os.IsNotExist(err) {
			return nil, 0 // rotated meanwhile
		}
		if err != nil {
			l.t.Fatal(err)
		}
		l.stdout(&lines, text)
	}
	return records(l.t, lines.Bytes()), len(paths)
}

// age orders the files of a log: 0.log.20260102-150405.gz and so on, then 0.log.
func age(path string) string {
	_, rotated, ok := strings.Cut(filepath.Base(path), ".log.")
	if !ok {
		return "~"
	}
	return rotated
}

func readLog(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if !strings.HasSuffix(path, ".gz") {
		return io.ReadAll(file)
	}
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unpacked)
}

// stdout appends the program's lines on stdout to lines. Each line of a log is TIME STREAM F
// TEXT, with P in place of F if the runtime split it.
func (l logger) stdout(lines *bytes.Buffer, text []byte) {
	l.t.Helper()
	scanner := bufio.NewScanner(bytes.NewReader(text[:bytes.LastIndexByte(text, '\n')+1]))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		parts := strings.SplitN(scanner.Text(), " ", 4)
		if len(parts) != 4 || parts[2] != "F" {
			l.t.Fatalf("a line of the log is split: %.200s", scanner.Text())
		}
		if parts[1] == "stdout" {
			lines.WriteString(parts[3] + "\n")
		}
	}
}
