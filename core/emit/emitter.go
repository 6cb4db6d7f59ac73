// Package emit encodes records: as lines for stdout, and as requests for an OTLP receiver. Each
// record goes, as slog's, through the otelslog bridge to one OpenTelemetry LoggerProvider, whose
// processors encode it. [Emitter.Take] returns the bytes; other packages store and send them.
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

// Settings configure an [Emitter].
type Settings struct {
	// Cluster is the name of the cluster; if empty, records have none.
	Cluster string
	// Version is that of the program, which becomes the version of the scope.
	Version string
	// Resource holds the attributes that all records share, on top of those of
	// the environment variable OTEL_RESOURCE_ATTRIBUTES. May be nil.
	Resource *resource.Resource
	// Stdout gets a line for each record; nil: no lines are made.
	Stdout *Stdout
	// OTLP is whether records are encoded for an OTLP receiver.
	OTLP bool
	// Processors get each record last, with its attributes in the record itself.
	Processors []sdklog.Processor
}

// Emitter encodes records and writes lines. It is not safe for concurrent use.
type Emitter struct {
	handler   slog.Handler
	converter *converter
	stdout    *Stdout // nil: no lines are made
	lines     []byte  // that were not taken yet
	encoded   encoded
}

// Staged contains the bytes of the records since the last call of [Emitter.Take].
type Staged struct {
	// Lines are for stdout, one for each record.
	Lines []byte
	// Records are for an OTLP receiver. Each is an ExportLogsServiceRequest with one
	// record, and so is any number of them when they are joined.
	Records [][]byte
}

// New returns an Emitter with nothing staged.
func New(s Settings) *Emitter {
	e := &Emitter{stdout: s.Stdout, converter: newConverter(s.Cluster)}
	processors := []sdklog.Processor{processor(setEventName)}
	if s.Stdout != nil {
		processors = append(processors, processor(e.appendLine))
	}
	if s.OTLP {
		processors = append(processors, processor(e.encode))
	}
	if len(s.Processors) > 0 {
		processors = append(append(processors, processor(addAttributes)), s.Processors...)
	}
	e.handler = otelslog.NewHandler(ScopeName,
		otelslog.WithLoggerProvider(newProvider(s.Resource, processors)),
		otelslog.WithVersion(s.Version),
		otelslog.WithSchemaURL(semconv.SchemaURL))
	return e
}

func newProvider(shared *resource.Resource, processors []sdklog.Processor) *sdklog.LoggerProvider {
	if shared == nil {
		shared = resource.Empty()
	}
	options := []sdklog.LoggerProviderOption{
		sdklog.WithResource(shared),
		// A pod may have more labels than the SDK's default of 128 attributes; the
		// SDK drops the rest silently. Keys are unique already, and the SDK's search
		// for duplicates takes quadratic time.
		sdklog.WithAttributeCountLimit(-1),
		sdklog.WithAttributeValueLengthLimit(-1),
		sdklog.WithAllowKeyDuplication(),
	}
	for _, p := range processors {
		options = append(options, sdklog.WithProcessor(p))
	}
	return sdklog.NewLoggerProvider(options...)
}

// Emit stages a record, and hands it to the processors. Nothing of r is kept.
func (e *Emitter) Emit(ctx context.Context, r *record.Record) error {
	if r.SpanContext.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, r.SpanContext)
	}
	attributes := e.converter.convert(r)
	defer clear(attributes) // their strings may be large
	ctx = &carried{Context: ctx, event: r.Action.EventName(), attributes: attributes}
	line := slog.NewRecord(r.Time, slogLevel(r.Level), record.Valid(r.Message), 0)
	if err := e.handler.Handle(ctx, line); err != nil {
		return fmt.Errorf("emit record %s: %w", r.ID, err)
	}
	return nil
}

func (e *Emitter) appendLine(r *sdklog.Record, c *carried) {
	e.lines = e.stdout.format.Append(e.lines, Record{r, c.attributes})
}

func (e *Emitter) encode(r *sdklog.Record, c *carried) {
	e.encoded.add(Record{r, c.attributes})
}

// Staged returns the number of bytes that Take would return.
func (e *Emitter) Staged() int { return len(e.lines) + len(e.encoded.buf) }

// Take returns the bytes of the records emitted since the last call. Their memory
// belongs to the caller.
func (e *Emitter) Take() Staged {
	s := Staged{Lines: e.lines, Records: e.encoded.take()}
	e.lines = nil
	return s
}

// Write writes the lines of s to stdout, and retries until ctx ends. It blocks as
// long as the reader of stdout does. Write takes over the memory of the lines: don't use it afterwards.
func (e *Emitter) Write(ctx context.Context, s Staged) error {
	if e.stdout == nil {
		return nil
	}
	if err := e.stdout.write(ctx, s.Lines); err != nil {
		return err
	}
	if e.lines == nil && cap(s.Lines) <= maxKept {
		e.lines = s.Lines[:0]
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
