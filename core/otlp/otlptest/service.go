package otlptest

import (
	logsservicepb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	traceservicepb "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
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

func services() []service {
	return []service{
		{
			name: "opentelemetry.proto.collector.logs.v1.LogsService",
			path: "/v1/logs",
			decode: func(decode func(proto.Message) error, into *Request) error {
				var export logsservicepb.ExportLogsServiceRequest
				err := decode(&export)
				into.Logs = export.GetResourceLogs()
				return err
			},
			partial: func(rejected int64, message string) proto.Message {
				return &logsservicepb.ExportLogsServiceResponse{PartialSuccess: &logsservicepb.ExportLogsPartialSuccess{
					RejectedLogRecords: rejected, ErrorMessage: message,
				}}
			},
		},
		{
			name: "opentelemetry.proto.collector.trace.v1.TraceService",
			path: "/v1/traces",
			decode: func(decode func(proto.Message) error, into *Request) error {
				var export traceservicepb.ExportTraceServiceRequest
				err := decode(&export)
				into.Spans = export.GetResourceSpans()
				return err
			},
			partial: func(rejected int64, message string) proto.Message {
				return &traceservicepb.ExportTraceServiceResponse{PartialSuccess: &traceservicepb.ExportTracePartialSuccess{
					RejectedSpans: rejected, ErrorMessage: message,
				}}
			},
		},
	}
}

// response returns the response to a request that was taken.
func (s service) response(f Fault) proto.Message {
	if f.Rejected == 0 && f.Message == "" {
		return new(logsservicepb.ExportLogsServiceResponse) // empty in every service
	}
	return s.partial(f.Rejected, f.Message)
}
