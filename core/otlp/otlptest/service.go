package otlptest

import (
	logspb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	tracepb "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// service is one of the services of OTLP.
type service struct {
	name string // gRPC's
	path string // HTTP's
	// decode decodes a request and keeps its contents.
	decode func(decode func(proto.Message) error, into *Request) error
	// partial returns the response of a partial success.
	partial func(rejected int64, message string) proto.Message
}

func (o Options) services() []service {
	if o.LogsOnly {
		return []service{logsService()}
	}
	return []service{logsService(), traceService()}
}

func logsService() service {
	return service{
		name: "opentelemetry.proto.collector.logs.v1.LogsService",
		path: "/v1/logs",
		decode: func(decode func(proto.Message) error, into *Request) error {
			var export logspb.ExportLogsServiceRequest
			err := decode(&export)
			into.Logs = export.GetResourceLogs()
			return err
		},
		partial: func(rejected int64, message string) proto.Message {
			partial := &logspb.ExportLogsPartialSuccess{RejectedLogRecords: rejected, ErrorMessage: message}
			return &logspb.ExportLogsServiceResponse{PartialSuccess: partial}
		},
	}
}

func traceService() service {
	return service{
		name: "opentelemetry.proto.collector.trace.v1.TraceService",
		path: "/v1/traces",
		decode: func(decode func(proto.Message) error, into *Request) error {
			var export tracepb.ExportTraceServiceRequest
			err := decode(&export)
			into.Spans = export.GetResourceSpans()
			return err
		},
		partial: func(rejected int64, message string) proto.Message {
			partial := &tracepb.ExportTracePartialSuccess{RejectedSpans: rejected, ErrorMessage: message}
			return &tracepb.ExportTraceServiceResponse{PartialSuccess: partial}
		},
	}
}

// response returns the response to a request that was taken.
func (s service) response(f Fault) proto.Message {
	if f.Rejected == 0 && f.Message == "" {
		return new(logspb.ExportLogsServiceResponse) // empty in every service
	}
	return s.partial(f.Rejected, f.Message)
}
