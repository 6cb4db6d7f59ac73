package enrichertest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// value returns the label or annotation of an object, false if it has none.
type value func(key string) (string, bool)

// samples returns records first to first+n-1 as a host sends them to this plugin.
func (p *session) samples(first, n int) []*enrichv1.Record {
	records := make([]*enrichv1.Record, n)
	for i := range records {
		records[i] = sample(first + i)
		p.dress(records[i], labelOf(first+i), annotationOf(first+i))
	}
	return records
}

// dress sets the metadata that the plugin needs, and removes all other, as a host does.
// It keeps labels that the pod has.
func (p *session) dress(r *enrichv1.Record, label, annotation value) {
	pod := r.GetPod()
	if keys := p.needs.GetLabels(); len(keys) > 0 {
		pod.Labels = choose(keys, pod.GetLabels(), label)
	}
	if p.needs.GetNoLabels() {
		pod.Labels = nil
	}
	pod.Annotations = choose(p.needs.GetAnnotations(), nil, annotation)
	owners := p.needs.GetOwners()
	if owners == nil {
		pod.Owners = nil
	}
	for _, o := range pod.GetOwners() {
		o.Labels = choose(owners.GetLabels(), o.GetLabels(), label)
		o.Annotations = choose(owners.GetAnnotations(), nil, annotation)
	}
	p.restrict(r)
}

// restrict removes the parts of a record that a plugin with pod_only does not get.
func (p *session) restrict(r *enrichv1.Record) {
	if !p.needs.GetPodOnly() {
		return
	}
	pod := r.GetPod()
	pod.Node, pod.Phase, pod.Reason = "", "", ""
	r.Reset()
	r.Pod = pod
}

func choose(keys []string, own map[string]string, other value) map[string]string {
	chosen := map[string]string{}
	for _, key := range keys {
		if v, ok := own[key]; ok {
			chosen[key] = v
		} else if v, ok := other(key); ok {
			chosen[key] = v
		}
	}
	return chosen
}

// annotationOf returns annotations for the objects of sample i, with values that fit
// their keys. One sample in four has none.
func annotationOf(i int) value {
	return func(key string) (string, bool) { return plausible(key, i), i%4 != 3 }
}

// labelOf returns labels, whose values are short and simple.
func labelOf(i int) value {
	return func(key string) (string, bool) {
		v := plausible(key, i)
		if len(validation.IsValidLabelValue(v)) > 0 {
			v = generic(key, i)
		}
		return v, i%4 != 3
	}
}

// plausible returns a value that fits the words in a key.
func plausible(key string, i int) string {
	isBreak := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	words := "-" + strings.Join(strings.FieldsFunc(strings.ToLower(key), isBreak), "-") + "-"
	for _, v := range wordValues(i) {
		if slices.ContainsFunc(v.words, func(word string) bool { return strings.Contains(words, "-"+word+"-") }) {
			return v.value
		}
	}
	return generic(key, i)
}

// wordValue is a value of keys that contain one of the words.
type wordValue struct {
	words []string
	value string
}

// wordValues returns the values of object i. The first that fits a key is its value.
func wordValues(i int) []wordValue {
	traceparent := fmt.Sprintf("00-%032x-%016x-01", i+1, i+1)
	tekton := fmt.Sprintf(`{"traceparent":%q}`, traceparent)
	return []wordValue{
		{[]string{"traceparent"}, traceparent},
		{[]string{"span-context", "spancontext", "trace-context"}, tekton},
		{[]string{"tracestate"}, "vendor=t61rcWkgMzE"},
		{[]string{"tracking-id"}, fmt.Sprintf("app-%d:apps/Deployment:shop/web", i%3)}, // Argo CD
		{[]string{"version", "tag"}, fmt.Sprintf("1.4.%d", i%3)},
		{[]string{"revision", "generation", "weight", "order", "count"}, strconv.Itoa(i%5 + 1)},
		{[]string{"url", "link", "repo", "repository"}, fmt.Sprintf("https://git.example/shop/%d", i%3)},
		{[]string{"email", "contact"}, fmt.Sprintf("team-%d@shop.example", i%3)},
		{[]string{"enabled", "enable", "scrape", "inject"}, "true"},
		{[]string{"time", "at", "timestamp", "date"}, "2026-01-02T03:04:05Z"},
	}
}

func generic(key string, i int) string {
	name := key[strings.LastIndex(key, "/")+1:]
	return fmt.Sprintf("%.50s-%d", name, i%3)
}
