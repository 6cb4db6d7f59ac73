package e2e

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"strings"
)

// bundle returns the fields of records about a bundle without a version, as
// docs/bundles.md describes them.
func bundle(manager, id, name, source string) object {
	return object{
		"bundle.manager": manager, "bundle.id": id, "bundle.name": name, "bundle.source": source,
		"bundle.verified": strings.Contains(id, "/default/"), // the namespace of all pods with bundles
	}
}

// appName is the label by which pods form a bundle.
const appName = "app.kubernetes.io/name"

// appOf returns the bundle of the pods of churn's Deployments, nil for other pods. The pods
// themselves have its label, as the program may read nothing else.
func appOf(pod object) object {
	name := text(pod, "metadata", "labels", appName)
	if name == "" {
		return nil
	}
	return bundle("app", "app/default/"+name, name, appName)
}

// addBundles adds to every expected record of a pod the fields that the pod had when it was
// created. They do not change while the pod exists.
func (o *oracle) addBundles(all []change, fieldsOf func(pod object) object) {
	for _, c := range all {
		if c.Type != "ADDED" {
			continue
		}
		fields := fieldsOf(c.Pod)
		for _, rec := range o.expected[text(c.Pod, "metadata", "uid")] {
			maps.Copy(rec, fields)
		}
	}
}

// fieldsOf returns the fields that come from the bundle of a pod, which may be nil, and from
// its trace context.
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

// revisionOf returns the revision of a pod's rollout, empty without one.
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

// counted returns a text with its length before it.
func counted(s string) string {
	return string(binary.AppendUvarint(nil, uint64(len(s)))) + s
}
