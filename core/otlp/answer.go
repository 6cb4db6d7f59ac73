package otlp

import (
	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"
)

// answer is what a receiver says of a request that it took.
type answer struct {
	rejected int64  // records that it took but won't keep
	message  string // why, or a warning
}

func decodeAnswer(response []byte) answer {
	var r collectorpb.ExportLogsServiceResponse
	if err := proto.Unmarshal(response, &r); err != nil {
		// It did take the request, says its status; some receivers answer
		// with something of their own.
		return answer{message: "the answer is no OTLP response"}
	}
	p := r.GetPartialSuccess()
	return answer{rejected: p.GetRejectedLogRecords(), message: shorten(p.GetErrorMessage())}
}
