package watch_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// piped is a client of a server without a network, so that time can be the test's. It
// answers watches with the pipe's content, and fails lists.
func piped(t *testing.T) (*watch.Client, *io.PipeWriter) {
	t.Helper()
	r, w := io.Pipe()
	client, err := watch.NewClient(&rest.Config{
		Host: "http://localhost",
		Transport: roundTripper(func(q *http.Request) (*http.Response, error) {
			if !q.URL.Query().Has("watch") {
				return nil, errors.New("no lists here")
			}
			context.AfterFunc(q.Context(), func() { _ = r.CloseWithError(q.Context().Err()) }) // as net/http does
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(r), Request: q}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, w
}

// TestSlowReaderIsNoSilence: silence counts while the server is to be waited for, not
// while the reader is.
func TestSlowReaderIsNoSilence(t *testing.T) {
	const allowed = time.Minute
	frame := func(t *testing.T, typ string, p *corev1.Pod) []byte {
		t.Helper()
		message, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return framed(t, typ, object(t, "Pod", message))
	}
	cart, end := pod("shop", "cart"), pod("", "")
	cart.ResourceVersion, end.ResourceVersion = "1001", "1002"
	end.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: "true"}
	for name, c := range map[string]struct {
		from string
		want []string
	}{
		"list":  {"", []string{"listing @", "present shop/cart @1001", "listed @1002"}},
		"watch": {"1000", []string{"added shop/cart @1001", "bookmark @1002"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := piped(t)
				restarts := make(chan string, 10)
				s := watch.New(watch.Settings{
					Client: client, Silence: allowed, BackoffInitial: time.Hour, BackoffMax: time.Hour,
					OnRestart: func(reason string) { restarts <- reason },
				})
				ctx, cancel := context.WithCancel(t.Context())
				out, done := make(chan watch.Event), make(chan error, 1)
				go func() { done <- s.Run(ctx, c.from, out) }()
				go func() {
					_, _ = server.Write(frame(t, "ADDED", cart))
					_, _ = server.Write(frame(t, "BOOKMARK", end))
				}()
				for _, want := range c.want {
					time.Sleep(10 * allowed) // the reader is slow
					if got := line(<-out); got != want {
						t.Errorf("got %s, want %s", got, want)
					}
				}
				synctest.Wait()
				if len(restarts) > 0 {
					t.Fatalf("restarted for %q", <-restarts)
				}
				began := time.Now()
				if got, took := <-restarts, time.Since(began); got != watch.ReasonStalled || took != allowed {
					t.Errorf("restarted for %q after %v of silence, want %q after %v", got, took, watch.ReasonStalled, allowed)
				}
				cancel()
				<-done
			})
		})
	}
}
