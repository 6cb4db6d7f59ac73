package events

import (
	"cmp"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Rules select Events and make records of them.
type Rules struct {
	// Cluster is the name of the cluster, part of every record's id.
	Cluster string
	// Reasons are patterns as of [path.Match], of which an Event's reason has to match
	// one; it must match none that begins with "!". Empty: every reason.
	Reasons []string
	// Types are Normal, Warning, or both. Empty: every type.
	Types []string
	// PodsOnly leaves out Events about objects that own pods.
	PodsOnly bool
}

// Reasons and kinds that the server leaves out: the status of pods has the same, and
// better.
func leftOut() []string {
	return []string{
		"involvedObject.kind!=Node",
		"reason!=Scheduled", "reason!=Created", "reason!=Started",
		"reason!=SuccessfulCreate", "reason!=SuccessfulDelete",
	}
}

// FieldSelector returns the field selector that leaves Events out at the server. It is
// less than the rules, which [Rules.Wants] applies.
func (r Rules) FieldSelector() string {
	terms := leftOut()
	for _, p := range r.Reasons {
		if reason, excluded := strings.CutPrefix(p, "!"); excluded && !strings.ContainsAny(reason, `*?[\=,`) {
			terms = append(terms, "reason!="+reason)
		}
	}
	if len(r.Types) == 1 {
		terms = append(terms, "type="+r.Types[0])
	}
	if r.PodsOnly {
		terms = append(terms, "involvedObject.kind=Pod")
	}
	return strings.Join(terms, ",")
}

// String returns a text that differs if the rules select other Events.
func (r Rules) String() string {
	return r.FieldSelector() + ";" + strings.Join(r.Reasons, ",") + ";" + strings.Join(r.Types, ",")
}

// Wants reports whether the Event is one to emit records of.
func (r Rules) Wants(e *corev1.Event) bool {
	return (AboutPod(e) || !r.PodsOnly && ownsPods(&e.InvolvedObject)) &&
		(len(r.Types) == 0 || slices.Contains(r.Types, e.Type)) && r.wantsReason(e.Reason)
}

func (r Rules) wantsReason(reason string) bool {
	wanted, chosen := false, false
	for _, p := range r.Reasons {
		pattern, excluded := strings.CutPrefix(p, "!")
		matches, _ := path.Match(pattern, reason) // checked before
		if matches && excluded {
			return false
		}
		wanted, chosen = wanted || matches, chosen || !excluded
	}
	return wanted || !chosen
}

// AboutPod reports whether the Event is about a pod.
func AboutPod(e *corev1.Event) bool {
	return e.InvolvedObject.Kind == "Pod" && groupOf(&e.InvolvedObject) == ""
}

// ownsPods reports whether an object is of a kind that owns pods, or scales or owns
// those. An Event written by hand may lack the API version.
func ownsPods(o *corev1.ObjectReference) bool {
	group := groupOf(o)
	switch o.Kind {
	case "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet":
		return group == "apps" || o.APIVersion == ""
	case "Job", "CronJob":
		return group == "batch" || o.APIVersion == ""
	case "HorizontalPodAutoscaler":
		return group == "autoscaling" || o.APIVersion == ""
	}
	return false
}

func groupOf(o *corev1.ObjectReference) string {
	group, _, ok := strings.Cut(o.APIVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// CountOf returns how often the Event has happened. Of the two APIs, one counts in the
// Event, the other in its series.
func CountOf(e *corev1.Event) int64 {
	count := int64(e.Count)
	if e.Series != nil {
		count = max(count, int64(e.Series.Count))
	}
	return max(count, 1)
}

// sourceOf returns the component that reports the Event.
func sourceOf(e *corev1.Event) string { return cmp.Or(e.Source.Component, e.ReportingController) }

// containerOf returns the name of the container in a path such as
// spec.containers{cart}.
func containerOf(e *corev1.Event) string {
	_, name, ok := strings.Cut(e.InvolvedObject.FieldPath, "ontainers{") // also initContainers, ephemeralContainers
	if !ok {
		return ""
	}
	return strings.TrimSuffix(name, "}")
}
