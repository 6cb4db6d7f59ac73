package span

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"go.opentelemetry.io/otel/trace"
)

// VersionTrace returns the trace id of a version of a bundle. It is the one that the plugin bundle derives for records.
func VersionTrace(bundle, version string) trace.TraceID {
	var room [256]byte
	b := room[:0]
	for _, s := range [...]string{bundle, version} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return traceID(b)
}

// LateTrace returns the trace id of the start of a pod that no rollout creates.
func LateTrace(uid string) trace.TraceID { return traceID([]byte(uid + "/start")) }

// IncidentTrace returns the trace id of an incident of a pod: run is the restart count of the container that ended. If
// none did, container is empty, and run is the Unix time of the loss of readiness.
func IncidentTrace(uid, container string, run int64) trace.TraceID {
	return traceID([]byte(uid + "/" + container + "/" + strconv.FormatInt(run, 10) + "/incident"))
}

// ID returns the id of the span with this name, such as rollout, of which a trace has one.
func ID(t trace.TraceID, name string) trace.SpanID {
	var room [256]byte
	sum := sha256.Sum256(append(append(room[:0], t[:]...), name...))
	id := trace.SpanID(sum[:8])
	if !id.IsValid() {
		id[7] = 1
	}
	return id
}

// PodID returns the id of the span of a pod's start, which records of the pod have, too.
func PodID(t trace.TraceID, uid string) trace.SpanID { return ID(t, uid) }

// PhaseID returns the id of a phase of a pod. container is empty for a phase of the pod as a whole.
func PhaseID(t trace.TraceID, uid, name, container string, run int32) trace.SpanID {
	return ID(t, uid+"/"+name+"/"+container+"/"+strconv.Itoa(int(run)))
}

func traceID(b []byte) trace.TraceID {
	sum := sha256.Sum256(b)
	id := trace.TraceID(sum[:16])
	if !id.IsValid() {
		id[15] = 1
	}
	return id
}
