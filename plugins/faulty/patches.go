package faulty

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// patchFaults are in the patch of each record.
func patchFaults() map[string]fault {
	return map[string]fault{
		"bad-prefix": changed("attributes",
			func(_ *enrichv1.Record, p *enrichv1.Patch) { p.Attributes[0].Key = "k8s.pod.name" }),
		"too-many-attributes": changed("attributes", func(_ *enrichv1.Record, p *enrichv1.Patch) {
			for i := range 64 {
				add(p, strconv.Itoa(i), "x")
			}
		}),
		"duplicate-key": changed("attributes", func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "pod", "again") }),
		"value-too-long": changed("attributes",
			func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "long", strings.Repeat("x", 4097)) }),
		"no-value": changed("attributes", func(_ *enrichv1.Record, p *enrichv1.Patch) { p.Attributes[0].Value = nil }),
		"bad-traceparent": changed("trace-context", func(_ *enrichv1.Record, p *enrichv1.Patch) {
			p.Traceparent = "00-00000000000000000000000000000000-b7ad6b7169203331-01"
		}),
		"bad-tracestate": changed("trace-context", func(_ *enrichv1.Record, p *enrichv1.Patch) {
			p.Traceparent, p.Tracestate = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "no state"
		}),
		"long-errors": changed("errors", func(r *enrichv1.Record, p *enrichv1.Patch) {
			if len(r.GetPod().GetLabels()) > 0 { // not for all records, which breaks another rule
				p.Error = "panic\n\tat line 1\n\tat line 2"
			}
		}),
		"large-answers": changed("message-size", func(_ *enrichv1.Record, p *enrichv1.Patch) {
			add(p, "a", strings.Repeat("x", 4096))
			add(p, "b", strings.Repeat("x", 4096))
		}),
		"new-answers-each-run": changed("restart",
			func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "pid", strconv.Itoa(os.Getpid())) }),
		"stateful-pod-only": {"pod-only", func(s *service) {
			s.describe().Needs = &enrichv1.Needs{PodOnly: true}
			var n atomic.Int64
			s.changePatch(func(_ *enrichv1.Record, p *enrichv1.Patch) { add(p, "count", strconv.FormatInt(n.Add(1), 10)) })
		}},
		"pod-only-by-phase": {"pod-only", func(s *service) {
			s.describe().Needs = &enrichv1.Needs{PodOnly: true}
			s.changePatch(func(r *enrichv1.Record, p *enrichv1.Patch) { add(p, "phase", r.GetPod().GetPhase()) })
		}},
	}
}

func changed(rule string, change func(*enrichv1.Record, *enrichv1.Patch)) fault {
	return fault{rule, func(s *service) { s.changePatch(change) }}
}
