package enrichertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// TB is the part of *testing.T that [Test] needs. With package testing's own interface,
// the program would have that package's flags.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Test checks a plugin, over gRPC within the process of the test, and reports broken
// rules as errors. newPlugin returns the plugin that main passes to [enricher.Serve];
// it is called for each start. An [io.Closer] is closed even if a process would be
// killed.
func Test(t TB, newPlugin func() enricher.Enricher, o Options) {
	t.Helper()
	w := &testWriter{t: t}
	defer w.close()
	log := slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	report, err := Verify(context.Background(), func(context.Context) (Process, error) {
		return startLocal(newPlugin(), log)
	}, o)
	if err != nil {
		t.Errorf("%v", err)
	}
	for _, r := range report.Results {
		switch r.Outcome {
		case Broken:
			t.Errorf("rule %s: %s", r.Rule, r.Why)
		case Passed, NotChecked:
			t.Logf("%s", r)
		case NotReached: // see below
		}
	}
	if unreached := report.Unreached(); unreached != "" {
		t.Logf("%s", unreached)
	}
}

// local is a plugin in this process.
type local struct {
	server *grpc.Server
	conn   *grpc.ClientConn
	served chan struct{} // closed when the server has ended
	close  func() error  // once
}

var _ Process = (*local)(nil)

func startLocal(e enricher.Enricher, log *slog.Logger) (*local, error) {
	if l, ok := e.(enricher.Logger); ok {
		l.SetLogger(log)
	}
	listener := bufconn.Listen(64 << 10)
	conn, err := grpc.NewClient("passthrough:///plugin",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return listener.DialContext(ctx)
		}))
	if err != nil {
		return nil, err
	}
	p := &local{conn: conn, served: make(chan struct{}), close: func() error { return nil }}
	if c, ok := e.(io.Closer); ok {
		p.close = sync.OnceValue(c.Close)
	}
	p.server = grpc.NewServer(grpc.UnaryInterceptor(recovering(log)),
		grpc.MaxRecvMsgSize(enrichv1.MaxMessageBytes), grpc.MaxSendMsgSize(enrichv1.MaxMessageBytes))
	enrichv1.RegisterEnricherServiceServer(p.server, enricher.NewServer(e))
	go func() {
		defer close(p.served)
		_ = p.server.Serve(listener) // ends when it is stopped
	}()
	return p, nil
}

// recovering turns a panic, which would end a process, into a failed call, so that the
// other rules can be checked.
func recovering(log *slog.Logger) grpc.UnaryServerInterceptor {
	return func(
		ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler,
	) (answer any, err error) {
		defer func() {
			if p := recover(); p != nil {
				log.Error("plugin panicked", "panic", p, "stack", string(debug.Stack()))
				err = status.Errorf(codes.Internal, "panic: %v", p)
			}
		}()
		return next(ctx, request)
	}
}

func (p *local) Client() enrichv1.EnricherServiceClient {
	return enrichv1.NewEnricherServiceClient(p.conn)
}

// Health returns nil: [enricher.Serve] serves the health of all plugins.
func (*local) Health(context.Context) error { return nil }

// Ended returns "": a panic is that call's error.
func (*local) Ended() string { return "" }

func (p *local) Stop(ctx context.Context) error {
	p.server.Stop()
	<-p.served
	_ = p.conn.Close()
	closed := make(chan error, 1)
	go func() { closed <- p.close() }()
	select {
	case err := <-closed:
		if err != nil {
			return fmt.Errorf("close: %w", err)
		}
		return nil
	case <-ctx.Done():
		return errors.New("its Close has not returned")
	}
}

func (p *local) Kill() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = p.Stop(ctx) // the rule shutdown reports an error
}

// testWriter writes to the log of a test, until the test has ended.
type testWriter struct {
	mu sync.Mutex
	t  TB // nil: closed
}

func (w *testWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.t != nil {
		w.t.Logf("%s", line)
	}
	return len(line), nil
}

func (w *testWriter) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t = nil
}
