// Package emit writes records: it hands each, as slog's, through the otelslog
// bridge to one OpenTelemetry LoggerProvider. Its first processor gives a record its
// attributes, the others are the sinks: [Stdout] writes lines, package otlp
// has the other one.
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
	// Processors are the sinks, in the order in which they get a record.
	Processors []sdklog.Processor
}

// Emitter writes records. It is for one goroutine.
type Emitter struct {
	provider *sdklog.LoggerProvider
	handler  slog.Handler
	whole    *whole
}

// New returns an Emitter that writes to the processors of s.
func New(s Settings) *Emitter {
	if s.Resource == nil {
		s.Resource = resource.Empty()
	}
	whole := &whole{convert: converter{cluster: s.Cluster, labelKeys: make(map[string]string)}}
	options := []sdklog.LoggerProviderOption{
		sdklog.WithResource(s.Resource),
		// A pod may have more labels than the SDK's default of 128 attributes,
		// and what is over the limit would be dropped in silence. We keep keys
		// unique ourselves: the SDK's search for duplicates takes quadratic time.
		sdklog.WithAttributeCountLimit(-1),
		sdklog.WithAttributeValueLengthLimit(-1),
		sdklog.WithAllowKeyDuplication(),
		sdklog.WithProcessor(whole),
	}
	for _, p := range s.Processors {
		options = append(options, sdklog.WithProcessor(p))
	}
	provider := sdklog.NewLoggerProvider(options...)
	return &Emitter{
		provider: provider,
		handler: otelslog.NewHandler(ScopeName,
			otelslog.WithLoggerProvider(provider),
			otelslog.WithVersion(s.Version),
			otelslog.WithSchemaURL(semconv.SchemaURL)),
		whole: whole,
	}
}

// Emit hands a record to the processors, each of which has taken it when Emit
// returns. Nothing of r is kept.
func (e *Emitter) Emit(ctx context.Context, r *record.Record) error {
	if r.SpanContext.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, r.SpanContext)
	}
	line := slog.NewRecord(r.Time, slogLevel(r.Level), record.Valid(r.Message), 0)
	e.whole.record = r
	defer func() { e.whole.record = nil }()
	if err := e.handler.Handle(ctx, line); err != nil {
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
