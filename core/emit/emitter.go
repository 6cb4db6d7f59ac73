// Package emit writes records: it hands each, as slog's, through the otelslog
// bridge to one OpenTelemetry LoggerProvider, whose processors are the sinks:
// [Stdout] writes lines, package otlp has the other one.
//
// Package emittest reads records back in tests.
package emit

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// ScopeName is the instrumentation scope of all records.
const ScopeName = "github.com/pod-status-logger/pod-status-logger"

// Settings are what an [Emitter] needs.
type Settings struct {
	// Cluster is the name of the cluster; empty: records don't name one.
	Cluster string
	// Version is the program's, told as the version of the scope.
	Version string
	// Resource holds the attributes that all records share, on top of those of
	// the environment variable OTEL_RESOURCE_ATTRIBUTES. May be nil.
	Resource *resource.Resource
	// Sinks get each record first, in this order, and find its attributes with
	// package attributes.
	Sinks []sdklog.Processor
	// Processors get it then, with its attributes in the record itself.
	Processors []sdklog.Processor
}

// Emitter writes records. It is for one goroutine.
type Emitter struct {
	provider *sdklog.LoggerProvider
	handler  slog.Handler
	carrier  *Carrier
}

// New returns an Emitter that writes to the processors of s.
func New(s Settings) *Emitter {
	if s.Resource == nil {
		s.Resource = resource.Empty()
	}
	carrier := NewCarrier(s.Cluster)
	options := []sdklog.LoggerProviderOption{
		sdklog.WithResource(s.Resource),
		// A pod may have more labels than the SDK's default of 128 attributes,
		// and what is over the limit would be dropped in silence. We keep keys
		// unique ourselves: the SDK's search for duplicates takes quadratic time.
		sdklog.WithAttributeCountLimit(-1),
		sdklog.WithAttributeValueLengthLimit(-1),
		sdklog.WithAllowKeyDuplication(),
	}
	processors := append([]sdklog.Processor{carrier.Name()}, s.Sinks...)
	if len(s.Processors) > 0 {
		processors = append(append(processors, carrier.Unload()), s.Processors...)
	}
	for _, p := range processors {
		options = append(options, sdklog.WithProcessor(p))
	}
	provider := sdklog.NewLoggerProvider(options...)
	return &Emitter{
		provider: provider,
		handler: otelslog.NewHandler(ScopeName,
			otelslog.WithLoggerProvider(provider),
			otelslog.WithVersion(s.Version),
			otelslog.WithSchemaURL(semconv.SchemaURL)),
		carrier: carrier,
	}
}

// Emit hands a record to sinks and processors, each of which has taken it when Emit
// returns. Nothing of r is kept.
func (e *Emitter) Emit(ctx context.Context, r *record.Record) error {
	if r.SpanContext.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, r.SpanContext)
	}
	line := slog.NewRecord(r.Time, slogLevel(r.Level), record.Valid(r.Message), 0)
	e.carrier.Load(ctx, r)
	defer e.carrier.Clear()
	if err := e.handler.Handle(e.carrier, line); err != nil {
		return fmt.Errorf("emit record %s: %w", r.ID, err)
	}
	return nil
}

// Flush has the processors write what they hold back. It blocks as long as a
// sink does, until ctx ends.
func (e *Emitter) Flush(ctx context.Context) error {
	if err := e.provider.ForceFlush(ctx); err != nil {
		return fmt.Errorf("flush records: %w", err)
	}
	return nil
}

// Shutdown flushes and ends the processors. Nothing can be emitted after it.
func (e *Emitter) Shutdown(ctx context.Context) error {
	if err := e.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("shut down emitter: %w", err)
	}
	return nil
}

func slogLevel(l record.Level) slog.Level {
	switch l {
	case record.LevelWarning:
		return slog.LevelWarn
	case record.LevelError:
		return slog.LevelError
	}
	return slog.LevelInfo
}
