//go:build node

package scenarios

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

// answer is an error that the API server answered with.
type answer struct {
	status int
	body   string
}

func (a *answer) Error() string { return fmt.Sprintf("status %d: %s", a.status, a.body) }

// try sends one request to the API server.
func (n node) try(ctx context.Context, method, path, contentType string, body any) (object, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, n.URL+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	response, err := n.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		return nil, &answer{response.StatusCode, string(text)}
	}
	var o object
	return o, json.Unmarshal(text, &o)
}

// send sends a request, and again until the API server takes it.
func (n node) send(t *testing.T, method, path, contentType string, body any) object {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), nodetest.Patience)
	defer cancel()
	for {
		o, err := n.try(ctx, method, path, contentType, body)
		if err == nil {
			return o
		}
		if !temporary(err) {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s %s: %v", method, path, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// temporary reports whether a request may succeed later: the server was away or
// busy, or the namespace has no service account yet.
func temporary(err error) bool {
	var a *answer
	if !errors.As(err, &a) {
		return true
	}
	switch a.status {
	case http.StatusConflict, http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
		return strings.Contains(a.body, "service account")
	}
	return a.status >= 500
}

func (n node) post(t *testing.T, path string, body any) object {
	t.Helper()
	return n.send(t, http.MethodPost, path, "application/json", body)
}

func (n node) patch(t *testing.T, path string, body any) object {
	t.Helper()
	return n.send(t, http.MethodPatch, path, "application/strategic-merge-patch+json", body)
}

// remove deletes an object and its dependents. A missing object is no error.
func (n node) remove(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), nodetest.Patience)
	defer cancel()
	for {
		_, err := n.try(ctx, http.MethodDelete, path, "application/json", object{"propagationPolicy": "Background"})
		var a *answer
		if err == nil || errors.As(err, &a) && a.status == http.StatusNotFound {
			return
		}
		if !temporary(err) || ctx.Err() != nil {
			t.Fatalf("delete %s: %v", path, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// objects reads a YAML stream.
func objects(t *testing.T, stream string) (all []object) {
	t.Helper()
	for document := range strings.SplitSeq(stream, "\n---\n") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		if o != nil {
			all = append(all, o)
		}
	}
	return all
}

// create creates an object in a namespace, with the defaults of its pods filled in.
func (n node) create(t *testing.T, ns string, o object) {
	t.Helper()
	kind := text(o, "kind")
	complete(o)
	n.post(t, collection(text(o, "apiVersion"), kind, ns), o)
}

// collection is the path of all objects of a kind.
func collection(apiVersion, kind, ns string) string {
	plural := strings.ToLower(kind) + "s"
	if strings.HasSuffix(kind, "s") {
		plural = strings.ToLower(kind) + "es"
	}
	root := "/apis/"
	if apiVersion == "v1" {
		root = "/api/"
	}
	switch kind {
	case "PriorityClass", "Node", "Namespace":
		return root + apiVersion + "/" + plural
	}
	return root + apiVersion + "/namespaces/" + ns + "/" + plural
}

// complete fills in what all pods of the tests have in common: the image that the
// node has, and a short grace period.
func complete(o object) {
	spec := at(o, "spec")
	for _, path := range [][]string{{"template", "spec"}, {"jobTemplate", "spec", "template", "spec"}} {
		if inner := at(spec, path...); inner != nil {
			spec = inner
			break
		}
	}
	if spec["containers"] == nil {
		return
	}
	if spec["terminationGracePeriodSeconds"] == nil {
		spec["terminationGracePeriodSeconds"] = 1
	}
	for _, group := range []string{"initContainers", "containers"} {
		for _, c := range list(spec, group) {
			if c["image"] == nil {
				c["image"] = "node.test/box:1"
			}
			if c["imagePullPolicy"] == nil {
				c["imagePullPolicy"] = "IfNotPresent"
			}
		}
	}
}
