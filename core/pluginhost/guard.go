package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	v1 "github.com/pod-status-logger/pod-status-logger/core/pluginhost/v1"
)

// maxCalls is the number of calls of a plugin within this process that have not
// returned: the two that a host makes at a time, and abandoned ones.
const maxCalls = 8

// callSlots bound the calls of a plugin, over all its instances.
type callSlots chan struct{}

func newCallSlots() callSlots { return make(callSlots, maxCalls) }

// guard stands before the service of a plugin within this process. A panic is
// answered with an error, as long as it is on the goroutine of the call. A call
// that does not return can only be abandoned: its goroutine is left, and its slot
// is taken until it returns. If all slots are taken, calls fail at once.
type guard struct {
	slots callSlots
	out   *output

	mu       sync.Mutex
	drained  bool           // no further call begins
	underWay sync.WaitGroup // calls of this instance; grows under mu only
}

// begin counts a call, and reports whether it may begin.
func (g *guard) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.drained {
		return false
	}
	g.underWay.Add(1)
	return true
}

// drain refuses further calls, and waits until those under way have returned.
func (g *guard) drain() {
	g.mu.Lock()
	g.drained = true
	g.mu.Unlock()
	g.underWay.Wait()
}

// call is a server interceptor.
func (g *guard) call(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (answer any, err error) {
	if info.FullMethod == healthv1.Health_Check_FullMethodName { // gRPC's own code
		return handler(ctx, request)
	}
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	default:
		return nil, status.Errorf(codes.ResourceExhausted, "%d earlier calls have not returned", maxCalls)
	}
	if !g.begin() {
		return nil, status.Error(codes.Unavailable, "the plugin is shutting down")
	}
	defer g.underWay.Done()
	defer g.rescue(&err)
	return handler(ctx, request)
}

// rescue is deferred. It turns a panic into an error, and logs the stack.
func (g *guard) rescue(err *error) {
	v := recover()
	if v == nil {
		return
	}
	reason := v1.OneLine(fmt.Sprintf("panic: %v", v))
	g.out.panicked(reason, debug.Stack())
	*err = errors.New(reason)
}
