package otlp

import (
	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"
)

// answer is the receiver's answer to a request that it took.
type answer struct {
	rejected int64  // records that it took but won't keep
	message  string // the reason, or a warning
}

// decodeAnswer decodes the answer for any signal: they differ in the names of fields
// only, which aren't on the wire.
func decodeAnswer(response []byte) answer {
	var r collectorpb.ExportLogsServiceResponse
	if err := proto.Unmarshal(response, &r); err != nil {
		// The status reports success; some receivers answer in a format of
		// their own.
		return answer{message: "the answer is no OTLP response"}
	}
	p := r.GetPartialSuccess()
	return answer{rejected: p.GetRejectedLogRecords(), message: shorten(p.GetErrorMessage())}
}
