package e2e

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"strings"
)

// The witness's part for bundles, in the way of the text of docs/bundles.md.

// bundle is what records say of a bundle, but for its version.
func bundle(manager, id, name, source string) object {
	return object{"bundle.manager": manager, "bundle.id": id, "bundle.name": name, "bundle.source": source}
}

// appName is the label that makes a bundle of the pods that have it.
const appName = "app.kubernetes.io/name"

// appOf is the bundle of the pods of churn's Deployments. It is on the pods
// themselves: nothing else may be read.
func appOf(pod object) object {
	name := text(pod, "metadata", "labels", appName)
	if name == "" {
		return nil
	}
	return bundle("app", "app/default/"+name, name, appName)
}

// belong expects on every record of a pod, from its first to its last, what the
// pod had when it was created: it does not change while the pod lives.
func (w *witness) belong(all []change, fieldsOf func(pod object) object) {
	for _, c := range all {
		if c.Type != "ADDED" {
			continue
		}
		fields := fieldsOf(c.Pod)
		for _, rec := range w.expected[text(c.Pod, "metadata", "uid")] {
			maps.Copy(rec, fields)
		}
	}
}

// fieldsOf are the fields that come from the bundle of a pod, nil for none, and
// from its trace context.
func fieldsOf(pod, bundle object) object {
	fields := maps.Clone(bundle)
	if fields == nil {
		fields = object{}
	}
	if version := revisionOf(pod); bundle != nil && fields["bundle.version"] == nil && version != "" {
		fields["bundle.version"] = version
	}
	if given := strings.Split(text(pod, "metadata", "annotations", "traceparent"), "-"); len(given) == 4 {
		fields["trace_id"], fields["span_id"] = given[1], given[2]
	} else if bundle != nil {
		trace := hash(counted(text(fields, "bundle.id"))+counted(text(fields, "bundle.version")), 16)
		span := hash(string(trace)+text(pod, "metadata", "uid"), 8)
		fields["trace_id"], fields["span_id"] = hex.EncodeToString(trace), hex.EncodeToString(span)
	}
	return fields
}

// revisionOf is the revision of a pod's rollout, empty for a pod that is of none.
func revisionOf(pod object) string {
	for _, key := range []string{"pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash"} {
		if revision := text(pod, "metadata", "labels", key); revision != "" {
			return revision
		}
	}
	return ""
}

func hash(s string, bytes int) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:bytes]
}

// counted is a text after its length.
func counted(s string) string {
	return string(binary.AppendUvarint(nil, uint64(len(s)))) + s
}
