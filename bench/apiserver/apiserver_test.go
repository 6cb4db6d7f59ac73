package apiserver

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func start(t *testing.T, set Settings) *Server {
	t.Helper()
	s, err := Start(set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func client(t *testing.T, s *Server, mediaType string) kubernetes.Interface {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := s.Kubeconfig(path); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	config.ContentType, config.QPS = mediaType, -1
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// watchAll returns the first n events of a watch.
func watchAll(t *testing.T, c kubernetes.Interface, opts metav1.ListOptions, n int) (events []watch.Event) {
	t.Helper()
	w, err := c.CoreV1().Pods("").Watch(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	for range n {
		ev, ok := <-w.ResultChan()
		if !ok || ev.Type == watch.Error {
			t.Fatalf("the watch ended after %d events of %d: %v", len(events), n, ev.Object)
		}
		events = append(events, ev)
	}
	return events
}

var mediaTypes = []string{runtime.ContentTypeJSON, runtime.ContentTypeProtobuf}

func TestJSONAndProtobufAreEqual(t *testing.T) {
	const pods, events = 40, 1000
	s := start(t, Settings{Pods: pods, Size: Medium})
	s.Feed(t.Context(), events, 0)
	begin := metav1.ListOptions{ResourceVersion: page{cluster: s.cluster}.version()}
	all := map[string][]watch.Event{}
	lists := map[string][]corev1.Pod{}
	for _, mediaType := range mediaTypes {
		c := client(t, s, mediaType)
		all[mediaType] = watchAll(t, c, begin, events)
		if s.Accepted() != mediaType {
			t.Errorf("%s was spoken, want %s", s.Accepted(), mediaType)
		}
		list, err := c.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		lists[mediaType] = list.Items
	}
	if diff := cmp.Diff(all[mediaTypes[0]], all[mediaTypes[1]]); diff != "" {
		t.Errorf("events (-JSON +protobuf):\n%s", diff)
	}
	if diff := cmp.Diff(lists[mediaTypes[0]], lists[mediaTypes[1]]); diff != "" {
		t.Errorf("lists (-JSON +protobuf):\n%s", diff)
	}
}

// TestListsAreWhatEventsMake applies events to a first list, and compares that
// with a list afterwards, a streaming one, and one in pages.
func TestListsAreWhatEventsMake(t *testing.T) {
	const pods, events = 40, 777
	s := start(t, Settings{Pods: pods, Size: Small})
	c := client(t, s, runtime.ContentTypeProtobuf)
	known := map[string]corev1.Pod{}
	first, err := c.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range first.Items {
		known[p.Name] = p
	}
	if len(known) != pods {
		t.Fatalf("%d pods, want %d", len(known), pods)
	}
	s.Feed(t.Context(), events, 0)
	last := first.ResourceVersion
	for _, ev := range watchAll(t, c, metav1.ListOptions{ResourceVersion: last}, events) {
		p := ev.Object.(*corev1.Pod)
		if p.ResourceVersion <= last {
			t.Fatalf("resourceVersion %s after %s", p.ResourceVersion, last)
		}
		last = p.ResourceVersion
		_, there := known[p.Name]
		if (ev.Type == watch.Added) == there {
			t.Fatalf("%s of pod %s, which is known: %t", ev.Type, p.Name, there)
		}
		known[p.Name] = *p
		if ev.Type == watch.Deleted {
			delete(known, p.Name)
		}
	}
	for name, list := range map[string]func() map[string]corev1.Pod{
		"in pages":  func() map[string]corev1.Pod { return pages(t, c) },
		"streaming": func() map[string]corev1.Pod { return streaming(t, c, len(known)) },
	} {
		got := list()
		for name, p := range known {
			p.TypeMeta = metav1.TypeMeta{}
			known[name] = p
		}
		if diff := cmp.Diff(known, got); diff != "" {
			t.Errorf("list %s (-events +list):\n%s", name, diff)
		}
	}
}

func pages(t *testing.T, c kubernetes.Interface) map[string]corev1.Pod {
	t.Helper()
	got := map[string]corev1.Pod{}
	for opts := (metav1.ListOptions{Limit: 7}); ; {
		list, err := c.CoreV1().Pods("").List(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list.Items {
			got[p.Name] = p
		}
		if opts.Continue = list.Continue; opts.Continue == "" {
			return got
		}
	}
}

func streaming(t *testing.T, c kubernetes.Interface, pods int) map[string]corev1.Pod {
	t.Helper()
	got := map[string]corev1.Pod{}
	opts := metav1.ListOptions{
		AllowWatchBookmarks: true, SendInitialEvents: new(true),
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	}
	events := watchAll(t, c, opts, pods+1)
	for _, ev := range events[:pods] {
		p := *ev.Object.(*corev1.Pod)
		p.TypeMeta = metav1.TypeMeta{}
		got[p.Name] = p
	}
	end := events[pods]
	if end.Type != watch.Bookmark || end.Object.(*corev1.Pod).Annotations[metav1.InitialEventsAnnotationKey] != "true" {
		t.Errorf("the list ends with %s of %v", end.Type, end.Object)
	}
	return got
}

func TestSizes(t *testing.T) {
	for _, size := range []Size{Small, Medium, Large} {
		t.Run(strconv.Itoa(int(size)), func(t *testing.T) {
			for i, p := range lives(size) {
				if i < 5 { // it grows
					continue
				}
				if got := p.Size(); got < int(size)*9/10 || got > int(size)*11/10 {
					t.Errorf("after step %d a pod has %d bytes", i, got)
				}
				if len(p.Labels) != 10 || len(p.Spec.Containers) != 2 {
					t.Errorf("%d labels and %d containers", len(p.Labels), len(p.Spec.Containers))
				}
			}
		})
	}
}

func TestFeedKeepsItsRate(t *testing.T) {
	s := start(t, Settings{Pods: 10, Size: Small})
	c := client(t, s, runtime.ContentTypeProtobuf)
	version := page{cluster: s.cluster}.version()
	const n, rate = 100, 500
	began := time.Now()
	go s.Feed(context.WithoutCancel(t.Context()), n, rate)
	for i, ev := range watchAll(t, c, metav1.ListOptions{ResourceVersion: version}, n) {
		var got int
		if _, err := fmt.Sscanf(ev.Object.(*corev1.Pod).ResourceVersion, Mark+"%d", &got); err != nil || s.Event(got) != i {
			t.Fatalf("event %d is told to be %d: %v", i, s.Event(got), err)
		}
	}
	if took := time.Since(began); took < n*time.Second/rate {
		t.Errorf("%d events at %d a second took %v", n, rate, took)
	}
	for i, at := range s.Written() {
		if at.Before(began) {
			t.Fatalf("event %d was written at %v, before the beginning", i, at)
		}
	}
}
