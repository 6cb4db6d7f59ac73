package watch_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// framed is an event as it is on the wire.
func framed(t *testing.T, typ string, object []byte) []byte {
	t.Helper()
	ev := metav1.WatchEvent{Type: typ, Object: runtime.RawExtension{Raw: object}}
	b, err := ev.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// object is a message as API servers send it.
func object(t *testing.T, kind string, message []byte) []byte {
	t.Helper()
	u := runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: kind}, Raw: message}
	b, err := u.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte("k8s\x00"), b...)
}

// TestAnswersThatAreNoWatch: answers that a server, or something in its place, may give
// to a watch. The log has the flaw.
func TestAnswersThatAreNoWatch(t *testing.T) {
	message, err := pod("shop", "cart").Marshal()
	if err != nil {
		t.Fatal(err)
	}
	cart := object(t, "Pod", message)
	for name, c := range map[string]struct {
		body []byte
		want string
	}{
		"a page of a proxy":   {[]byte("<html>sign in</html>"), "neither protobuf nor JSON, it begins with"},
		"too large a frame":   {[]byte{1, 0, 0, 1, 0}, "an object of 16777217 bytes is larger than 16777216"},
		"an empty frame":      {[]byte{0, 0, 0, 0}, "got invalid watch event type"},
		"no event":            {[]byte{0, 0, 0, 1, 7}, "the frame contains no watch event"},
		"an unknown event":    {framed(t, "RENAMED", cart), "got invalid watch event type: RENAMED"},
		"no object":           {framed(t, "ADDED", nil), "unable to decode"},
		"an unknown kind":     {framed(t, "ADDED", object(t, "Gadget", nil)), `Gadget`},
		"an object of others": {framed(t, "ADDED", object(t, "Service", nil)), "decode ADDED event: got a *v1.Service"},
		"a damaged pod":       {framed(t, "ADDED", object(t, "Pod", message[:len(message)-1])), "unexpected EOF"},
		"damaged JSON":        {[]byte(`{"type":"ADDED"]`), "invalid character"},
		"an event cut short":  {framed(t, "ADDED", cart)[:20], "watch interrupted"},
		"a length cut short":  {[]byte{0, 0}, "watch interrupted"},
		"nothing":             {nil, "watch interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			log, reason := answer(t, c.body)
			if !strings.Contains(log, c.want) {
				t.Errorf("the log lacks %q:\n%s", c.want, log)
			}
			if reason != watch.ReasonClosed && !strings.Contains(c.want, "got a") {
				t.Errorf("restarted for %q, want %q", reason, watch.ReasonClosed)
			}
		})
	}
}

// answer has a stream ask a server that answers each watch with body.
func answer(t *testing.T, body []byte) (log, reason string) {
	t.Helper()
	client, err := watch.NewClient(&rest.Config{
		Host: "http://localhost",
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !r.URL.Query().Has("watch") {
				return nil, errors.New("no lists here")
			}
			return &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
			}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines logbuffer.Buffer
	reasons, done := make(chan string, 1000), make(chan error, 1)
	stream := watch.New(watch.Settings{
		Client: client, BackoffInitial: time.Hour, OnRestart: func(reason string) { reasons <- reason },
		Logger: slog.New(slog.NewTextHandler(&lines, nil)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- stream.Run(ctx, "1000", make(chan watch.Event, 10)) }()
	reason = <-reasons
	wait.Until(t, "the line in the log", func() bool { return lines.String() != "" })
	cancel()
	<-done
	return lines.String(), reason
}

// TestLargePod: an event may be larger than the read buffer.
func TestLargePod(t *testing.T) {
	inBoth(func(t *testing.T, opts ...apiscript.Option) {
		srv := newServer(t, opts...)
		r := startReader(t, srv, "1000", watch.Settings{Resource: watch.Pods("large")})
		for _, size := range []int{1 << 20, 10, 100 << 10} {
			p := pod("shop", "cart")
			p.Annotations = map[string]string{"large": strings.Repeat("x", size), "unwanted": "x"}
			srv.Set(p)
			r.reached(srv.ResourceVersion())
			events := r.seen()
			if got := len(events[len(events)-1].Pod().Annotations["large"]); got != size {
				t.Errorf("the annotation has %d bytes, want %d", got, size)
			}
		}
	})(t)
}

// TestRelease: the memory of a pod that was given back serves for the next one,
// and that of one that was kept doesn't.
func TestRelease(t *testing.T) {
	srv := newServer(t)
	client, err := watch.NewClient(srv.Config())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, done := make(chan watch.Event), make(chan error, 1)
	go func() { done <- watch.New(watch.Settings{Client: client}).Run(ctx, "1000", out) }()
	seen, again := map[*corev1.Pod]bool{}, 0
	for i := range 100 {
		p := apiscript.RunningPod("shop", "cart")
		p.Status.ContainerStatuses[0].RestartCount = int32(i)
		srv.Set(p)
		ev := <-out
		if n := ev.Pod().Status.ContainerStatuses[0].RestartCount; n != int32(i) ||
			len(ev.Pod().Status.ContainerStatuses) != 2 {
			t.Fatalf("event %d is of restart %d", i, n)
		}
		if seen[ev.Pod()] {
			again++
		}
		seen[ev.Pod()] = true
		ev.Release()
		if ev.Pod() != nil {
			t.Fatal("the pod is still there")
		}
		ev.Release() // does nothing
	}
	cancel()
	<-done
	if again == 0 {
		t.Error("no memory was used again")
	}
}
