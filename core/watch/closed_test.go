package watch_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// TestClosedWhileAsked: a server closes an idle connection just as it is asked
// over it. That is no restart and no line in the log: net/http asks once more.
func TestClosedWhileAsked(t *testing.T) {
	var mu sync.Mutex
	var peers []string // of watches
	rv := 5000
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if !r.URL.Query().Has("watch") {
			w.Header().Set("Connection", "close") // leaves the watches' as the only one
			_, _ = io.WriteString(w, `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"5000"},"items":[]}`)
			return
		}
		mu.Lock()
		peers = append(peers, r.RemoteAddr)
		n := len(peers)
		rv++
		now := rv
		mu.Unlock()
		if n == 2 {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		_, _ = fmt.Fprintf(w,
			`{"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"%d"}}}`, now)
		_ = http.NewResponseController(w).Flush()
		if n > 2 {
			<-r.Context().Done()
			return
		}
		time.Sleep(50 * time.Millisecond) // long enough to have been a good watch
	}))
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	r := startAt(t, &rest.Config{Host: srv.URL}, "5000", watch.Settings{}, open())
	r.reached("5003")
	r.stop()
	mu.Lock()
	defer mu.Unlock()
	if len(peers) != 3 || peers[0] != peers[1] || peers[1] == peers[2] {
		t.Errorf("watches came from %v, want two from one place and one from another", peers)
	}
	if diff := cmp.Diff([]string{watch.ReasonClosed}, r.seenReasons()); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if strings.Contains(r.log.String(), "WARN") {
		t.Errorf("made noise:\n%s", r.log)
	}
}

// TestClosedUnanswered: a connection that ends before an answer was closed, however it
// ends.
func TestClosedUnanswered(t *testing.T) {
	for name, treat := range map[string]func(*net.TCPConn){
		"at once":       func(*net.TCPConn) {},
		"reset at once": func(c *net.TCPConn) { _ = c.SetLinger(0) },
		"when asked":    func(c *net.TCPConn) { _, _ = c.Read(make([]byte, 4096)) },
		"reset when asked": func(c *net.TCPConn) {
			_, _ = c.Read(make([]byte, 4096))
			_ = c.SetLinger(0)
		},
		"in the head": func(c *net.TCPConn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: app")
		},
	} {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var serving sync.WaitGroup
			serving.Go(func() {
				for {
					c, err := ln.Accept()
					if err != nil {
						return
					}
					treat(c.(*net.TCPConn)) //nolint:forcetypeassert // of a TCP listener
					_ = c.Close()
				}
			})
			r := startAt(t, &rest.Config{Host: "http://" + ln.Addr().String()}, "1000", watch.Settings{}, open())
			r.restarted(watch.ReasonClosed, 20)
			r.stop()
			_ = ln.Close()
			serving.Wait()
			for _, reason := range r.seenReasons() {
				if reason != watch.ReasonClosed {
					t.Fatalf("restarted for %q\n%s", reason, r.log)
				}
			}
		})
	}
}

// TestListWithoutEnd: a response whose list is there, but not its own end, holds
// nothing up.
func TestListWithoutEnd(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	list := corev1.PodList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: metav1.ListMeta{ResourceVersion: "5000"},
		Items: []corev1.Pod{*big("p")},
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("sendInitialEvents"):
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		case !r.URL.Query().Has("watch"):
			w.Header().Set("Content-Type", runtime.ContentTypeProtobuf)
			if err := protobuf.NewSerializer(scheme, scheme).Encode(&list, w); err != nil {
				t.Error(err)
			}
		}
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(srv.Close)
	start := time.Now()
	r := startAt(t, &rest.Config{Host: srv.URL}, "", watch.Settings{Silence: 20 * time.Second}, open())
	r.reached("5000")
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the list took %v", took)
	}
	r.stop()
}

// TestRefusedAndCut: a refusal whose text is cut is a refusal.
func TestRefusedAndCut(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "no")
	}))
	t.Cleanup(srv.Close)
	r := startAt(t, &rest.Config{Host: srv.URL}, "1000", watch.Settings{}, open())
	r.restarted(watch.ReasonOther, 1)
	r.stop()
	if !strings.Contains(r.log.String(), "unexpected EOF") {
		t.Errorf("the log doesn't say why:\n%s", r.log)
	}
}

// TestClosedInOtherWords: net/http's other errors for the same, depending on which of
// its goroutines is faster.
func TestClosedInOtherWords(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"before it was written": {errors.New("http: server closed idle connection"), watch.ReasonClosed},
		"as it was written": {
			&net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)}, watch.ReasonClosed,
		},
		"not at all": {errors.New("tls: bad certificate"), watch.ReasonOther},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := &rest.Config{
				Host:      "http://localhost",
				Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, c.err }),
			}
			startAt(t, cfg, "1000", watch.Settings{}, open()).restarted(c.want, 1)
		})
	}
}
