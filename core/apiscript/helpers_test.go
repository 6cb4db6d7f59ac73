package apiscript_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/test/freeport"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func newServer(t *testing.T, opts ...apiscript.Option) *apiscript.Server {
	t.Helper()
	srv := apiscript.NewServer(append(opts, apiscript.WithAddress(freeport.Address(t)))...)
	t.Cleanup(srv.Close)
	return srv
}

func pod(namespace, name string, labels ...string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for i := 0; i < len(labels); i += 2 {
		metav1.SetMetaDataLabel(&p.ObjectMeta, labels[i], labels[i+1])
	}
	return p
}

func touch(p *corev1.Pod) { p.Status.Message += "x" }

// client is a plain client-go REST client.
func client(t *testing.T, srv *apiscript.Server, contentType string) rest.Interface {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	cfg := srv.Config()
	cfg.APIPath, cfg.GroupVersion = "/api", &corev1.SchemeGroupVersion
	cfg.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	cfg.ContentType = contentType
	cfg.QPS = -1
	c, err := rest.RESTClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func request(c rest.Interface, namespace string, params ...string) *rest.Request {
	r := c.Get().NamespaceIfScoped(namespace, namespace != "").Resource("pods").MaxRetries(0)
	for i := 0; i < len(params); i += 2 {
		r.Param(params[i], params[i+1])
	}
	return r
}

// watcher reads a watch in the test's own goroutine.
type watcher struct {
	t *testing.T
	w kwatch.Interface
}

func open(t *testing.T, c rest.Interface, namespace string, params ...string) watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w, err := request(c, namespace, append(params, "watch", "true")...).Watch(ctx)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		w.Stop()
		for range w.ResultChan() {
		}
	})
	return watcher{t, w}
}

// next returns the next event as a line, "end" if there is none.
func (w watcher) next() string {
	w.t.Helper()
	select {
	case ev, ok := <-w.w.ResultChan():
		if !ok {
			return "end"
		}
		return describe(ev)
	case <-time.After(wait.Patience):
		w.t.Fatal("waited in vain for an event")
		return ""
	}
}

func describe(ev kwatch.Event) string {
	switch obj := ev.Object.(type) {
	case *corev1.Pod:
		s := fmt.Sprintf("%s %s/%s @%s", ev.Type, obj.Namespace, obj.Name, obj.ResourceVersion)
		if obj.Annotations[metav1.InitialEventsAnnotationKey] == "true" {
			s += " end of list"
		}
		return s
	case *metav1.Status:
		return fmt.Sprintf("%s %d %s", ev.Type, obj.Code, obj.Reason)
	default:
		return fmt.Sprintf("%s %T", ev.Type, obj)
	}
}

func (w watcher) want(want ...string) {
	w.t.Helper()
	var got []string
	for range want {
		got = append(got, w.next())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// raw makes a request without client-go.
func raw(t *testing.T, srv *apiscript.Server, path, accept string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func decodeJSON(t *testing.T, data []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("decode %q: %v", data, err)
	}
	return v
}

func wantCode(t *testing.T, err error, code int32, reason metav1.StatusReason) {
	t.Helper()
	st, ok := err.(apierrors.APIStatus)
	if !ok || st.Status().Code != code || st.Status().Reason != reason {
		t.Errorf("got error %v, want code %d, reason %s", err, code, reason)
	}
}
