package apiscript_test

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
)

const (
	jsonType  = "application/json"
	protoType = "application/vnd.kubernetes.protobuf"
)

// ended is a watch that ends by itself, so that raw can read all of it.
const ended = "/api/v1/pods?watch=true&timeoutSeconds=1&resourceVersion="

func TestJSONFrames(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	srv.Delete("shop", "cart")
	resp, body := raw(t, srv, ended+"1000", jsonType)
	if got := resp.Header.Get("Content-Type"); got != jsonType {
		t.Errorf("Content-Type %q, want %q", got, jsonType)
	}
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want one per event: %q", len(lines), body)
	}
	for i, want := range []string{"ADDED", "DELETED"} {
		v := decodeJSON(t, []byte(lines[i]))
		object, _ := v["object"].(map[string]any)
		if v["type"] != want || object["kind"] != "Pod" || object["apiVersion"] != "v1" {
			t.Errorf("event %d is %s", i, lines[i])
		}
	}
}

// A protobuf frame is a length, then a bare WatchEvent, and only the object in
// it carries the magic that marks Kubernetes' protobuf.
func TestProtobufFrames(t *testing.T) {
	srv := newServer(t)
	srv.Create(pod("shop", "cart"))
	resp, body := raw(t, srv, ended+"1000", protoType+","+jsonType)
	if got, want := resp.Header.Get("Content-Type"), protoType+";stream=watch"; got != want {
		t.Errorf("Content-Type %q, want %q", got, want)
	}
	if len(body) < 4 || int(binary.BigEndian.Uint32(body)) != len(body)-4 {
		t.Fatalf("the length prefix of %d bytes is %x", len(body), body[:min(4, len(body))])
	}
	var ev metav1.WatchEvent
	if err := ev.Unmarshal(body[4:]); err != nil {
		t.Fatal(err)
	}
	magic, rest := ev.Object.Raw[:4], ev.Object.Raw[4:]
	if ev.Type != "ADDED" || !bytes.Equal(magic, []byte("k8s\x00")) {
		t.Fatalf("type %q, magic %q", ev.Type, magic)
	}
	var unknown runtime.Unknown
	if err := unknown.Unmarshal(rest); err != nil {
		t.Fatal(err)
	}
	var p corev1.Pod
	if err := p.Unmarshal(unknown.Raw); err != nil {
		t.Fatal(err)
	}
	if unknown.Kind != "Pod" || unknown.APIVersion != "v1" || p.Name != "cart" || p.ResourceVersion != "1001" {
		t.Errorf("kind %s %s, pod %s @%s", unknown.APIVersion, unknown.Kind, p.Name, p.ResourceVersion)
	}
}

func TestNegotiation(t *testing.T) {
	for name, c := range map[string]struct {
		opts         []apiscript.Option
		accept, want string
	}{
		"nothing asked":  {accept: "", want: jsonType},
		"anything":       {accept: "*/*", want: jsonType},
		"protobuf first": {accept: protoType + ", " + jsonType, want: protoType},
		"json first":     {accept: jsonType + ";q=1, " + protoType, want: jsonType},
		"unknown first":  {accept: "application/cbor," + protoType, want: protoType},
		"server speaks json": {
			opts: []apiscript.Option{apiscript.WithJSONOnly()}, accept: protoType + "," + jsonType, want: jsonType,
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := newServer(t, c.opts...)
			resp, _ := raw(t, srv, "/api/v1/pods", c.accept)
			if got := resp.Header.Get("Content-Type"); got != c.want {
				t.Errorf("Content-Type %q, want %q", got, c.want)
			}
		})
	}
}

func TestRawAnswers(t *testing.T) {
	srv := newServer(t)
	for name, c := range map[string]struct {
		path string
		code int
		want string // in the body
	}{
		"version":              {"/version", http.StatusOK, `"gitVersion":"v1.37.0-apiscript"`},
		"list":                 {"/api/v1/pods", http.StatusOK, `"kind":"PodList"`},
		"list of a namespace":  {"/api/v1/namespaces/shop/pods", http.StatusOK, `"resourceVersion":"1000"`},
		"other resources":      {"/api/v1/nodes", http.StatusNotFound, ""},
		"bad selector":         {"/api/v1/pods?labelSelector=a%20b", http.StatusBadRequest, `"reason":"BadRequest"`},
		"bad resourceVersion":  {"/api/v1/pods?resourceVersion=x", http.StatusBadRequest, `"kind":"Status"`},
		"... of a watch":       {"/api/v1/pods?watch=1&resourceVersion=x", http.StatusInternalServerError, `"kind":"Status"`},
		"bad limit":            {"/api/v1/pods?limit=x", http.StatusBadRequest, `"kind":"Status"`},
		"bad continue":         {"/api/v1/pods?continue=x", http.StatusBadRequest, "continue key is not valid"},
		"continue from before": {"/api/v1/pods?continue=NSA1", http.StatusGone, `"reason":"Expired"`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := raw(t, srv, c.path, jsonType)
			if resp.StatusCode != c.code || !strings.Contains(string(body), c.want) {
				t.Errorf("answered %d %s, want %d and %s", resp.StatusCode, body, c.code, c.want)
			}
		})
	}
}
