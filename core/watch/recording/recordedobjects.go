package recording

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// OwnerObject is an object of a recording that is not a pod, but may own one.
type OwnerObject = metav1.PartialObjectMetadata

// ReplayObjects is [Replay] for recordings that contain also the output of
//
//	kubectl get replicasets,deployments -A -o json
//
// It calls each with these objects.
func ReplayObjects(
	ctx context.Context, r io.Reader, out chan<- watch.Event, bad func(line int, err error), each func(*OwnerObject),
) error {
	return replay(ctx, r, out, func(e entry, err error) {
		switch objects := objectsOf(e.data); {
		case len(objects) == 0 && bad != nil:
			bad(e.line, err)
		default:
			for _, o := range objects {
				each(o)
			}
		}
	})
}

// OwnerObjects calls each with the objects of a recording that are not pods, up to the end of r. It
// ignores everything else.
func OwnerObjects(r io.Reader, each func(*OwnerObject)) error {
	scan := newEntryScanner(r, maxEntry)
	for {
		e, err := scan.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read recording: %w", err)
		case !isEvent(e.data):
			for _, o := range objectsOf(e.data) {
				each(o)
			}
		}
	}
}

// isEvent reports whether an entry begins as kubectl prints events. Most entries do, and need not
// be decoded to know that.
func isEvent(data []byte) bool {
	const begin = 32
	return bytes.Contains(data[:min(len(data), begin)], []byte(`"type"`))
}

// objectsOf returns the objects of an entry that is a list or an object, and neither an event
// nor about pods.
func objectsOf(data []byte) (objects []*OwnerObject) {
	var list struct {
		metav1.PartialObjectMetadata

		Items []*OwnerObject `json:"items"`
	}
	if isEvent(data) || json.Unmarshal(data, &list) != nil {
		return nil
	}
	all := []*OwnerObject{&list.PartialObjectMetadata}
	if strings.HasSuffix(list.Kind, "List") {
		all = list.Items
	}
	for _, o := range all {
		if o == nil || o.Kind == "" || o.Kind == "Pod" || o.APIVersion == "" || o.Name == "" {
			return nil
		}
	}
	return all
}
