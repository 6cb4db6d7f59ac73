package otlp_test

import (
	"context"
	"log/slog"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	collectorpb "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	commonpb "go.opentelemetry.io/proto/slim/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/slim/otlp/logs/v1"
	resourcepb "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pod-status-logger/pod-status-logger/core/journal"
	"github.com/pod-status-logger/pod-status-logger/core/otlp"
	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	"github.com/pod-status-logger/pod-status-logger/test/logbuffer"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// bothProtocols runs a test once for each.
func bothProtocols(t *testing.T, test func(t *testing.T, o otlptest.Options)) {
	t.Helper()
	t.Run("grpc", func(t *testing.T) { test(t, otlptest.Options{}) })
	t.Run("http", func(t *testing.T) { test(t, otlptest.Options{HTTP: true}) })
}

// faultsOf returns the faults of the protocol of o, with those of both.
func faultsOf[F any](o otlptest.Options, protocols map[string]map[string]F, both map[string]F) map[string]F {
	faults := protocols["grpc"]
	if o.HTTP {
		faults = protocols["http"]
	}
	maps.Copy(faults, both)
	return faults
}

// harness is a sender between a journal and a receiver.
type harness struct {
	t        testing.TB
	outbox   *journal.Journal
	receiver *otlptest.Receiver
	settings otlp.Settings
	log      *logbuffer.Buffer
	sender   *otlp.Sender
	cancel   context.CancelFunc
	done     chan error

	mu       sync.Mutex
	requests []otlp.Request
	times    []time.Time // of requests
	refused  []string    // bodies
}

// newHarness doesn't start the sender.
func newHarness(t testing.TB, r *otlptest.Receiver, o otlptest.Options) *harness {
	t.Helper()
	h := &harness{
		t: t, receiver: r, outbox: journal.NewMemory(journal.Options{Capacity: 64 << 20}), log: new(logbuffer.Buffer),
		done: make(chan error, 1),
		settings: otlp.Settings{
			Enabled: true, Endpoint: endpoint(t, r, o), Protocol: otlp.GRPC,
			Timeout: 5 * time.Second, RetryInitial: time.Millisecond, RetryMax: 5 * time.Millisecond,
		},
	}
	if o.HTTP {
		h.settings.Protocol = otlp.HTTP
	}
	return h
}

func endpoint(t testing.TB, r *otlptest.Receiver, o otlptest.Options) *url.URL {
	t.Helper()
	u, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	if o.HTTP {
		u.Path = "/v1/logs"
	}
	return u
}

func (h *harness) start() {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	h.sender = otlp.NewSender(h.settings, refusals{h.outbox.Outbox(journal.Logs), h.onRefused},
		otlp.Hooks{OnRequest: h.onRequest}, slog.New(slog.NewTextHandler(h.log, nil)))
	go func() { h.done <- h.sender.Run(ctx) }()
	h.t.Cleanup(h.stop)
}

// stop ends Run, which must be no error.
func (h *harness) stop() {
	if h.cancel == nil {
		return
	}
	h.cancel()
	h.cancel = nil
	if err := <-h.done; err != nil {
		h.t.Errorf("run: %v", err)
	}
}

func (h *harness) onRequest(r otlp.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r)
	h.times = append(h.times, time.Now())
}

func groupOf(records ...[]byte) journal.Group {
	return journal.Group{
		Records: map[journal.Signal][][]byte{journal.Logs: records}, Emitted: len(records), Seq: uint64(len(records)),
	}
}

// refusals is an outbox that shows refused records.
type refusals struct {
	*journal.Outbox
	show func(record []byte, reason string)
}

func (r refusals) Refuse(b journal.Batch, reason string) error {
	r.show(b.Records[0], reason)
	return r.Outbox.Refuse(b, reason)
}

func (h *harness) onRefused(record []byte, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if reason == "" {
		h.t.Error("a record is refused for no reason")
	}
	var request collectorpb.ExportLogsServiceRequest
	if err := proto.Unmarshal(record, &request); err != nil || len(request.GetResourceLogs()) != 1 {
		return // not a log record
	}
	h.refused = append(h.refused, otlptest.Bodies(request.GetResourceLogs()[0])...)
}

// outcomes counts the requests by how they ended.
func (h *harness) outcomes() map[otlp.Outcome]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := make(map[otlp.Outcome]int)
	for _, r := range h.requests {
		n[r.Outcome]++
	}
	return n
}

func (h *harness) commit(bodies ...string) {
	h.t.Helper()
	if err := h.outbox.Commit(context.Background(), groupOf(encode(bodies...)...)); err != nil {
		h.t.Fatalf("commit: %v", err)
	}
}

func (h *harness) drain() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait.Patience)
	defer cancel()
	if err := h.outbox.Drained(ctx); err != nil {
		h.t.Fatalf("%d records aren't delivered: %v\n%s", h.outbox.Stats().Records, err, h.log)
	}
}

func (h *harness) wantReceived(want ...string) {
	h.t.Helper()
	if diff := cmp.Diff(want, h.receiver.Bodies()); diff != "" {
		h.t.Errorf("the receiver has other records (-want +got):\n%s", diff)
	}
}

func (h *harness) wantLogged(parts ...string) {
	h.t.Helper()
	for _, part := range parts {
		if !strings.Contains(h.log.String(), part) {
			h.t.Errorf("the log lacks %q:\n%s", part, h.log)
		}
	}
}

// encode returns requests of one record each, with these bodies.
func encode(bodies ...string) [][]byte {
	records := make([][]byte, len(bodies))
	for i, body := range bodies {
		records[i] = encodeRecord(body, 0, 0)
	}
	return records
}

// encodeRecord returns a request of one record with as many attributes.
func encodeRecord(body string, ofResource, ofRecord int) []byte {
	record := &logspb.LogRecord{Body: text(body), Attributes: attributes("podstatus.attribute-", ofRecord)}
	request := &collectorpb.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{
		Resource:  &resourcepb.Resource{Attributes: attributes("k8s.attribute-", ofResource)},
		ScopeLogs: []*logspb.ScopeLogs{{LogRecords: []*logspb.LogRecord{record}}},
	}}}
	b, err := proto.Marshal(request)
	if err != nil {
		panic(err) // bodies are valid UTF-8
	}
	return b
}

func text(s string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
}

func attributes(prefix string, n int) []*commonpb.KeyValue {
	kvs := make([]*commonpb.KeyValue, n)
	for i := range kvs {
		kvs[i] = &commonpb.KeyValue{Key: prefix + strconv.Itoa(i), Value: text("shop.web-5d9c7b8f66-x2x7q")}
	}
	return kvs
}

// numbered returns the bodies "0", "1", ...
func numbered(n int) []string {
	bodies := make([]string, n)
	for i := range bodies {
		bodies[i] = strconv.Itoa(i)
	}
	return bodies
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
