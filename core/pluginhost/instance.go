package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	v1 "github.com/pod-status-logger/pod-status-logger/core/pluginhost/v1"
)

// instance is one run of a plugin, and the connection to it.
type instance struct {
	body   body
	client *plugin.Client
	conn   *grpc.ClientConn
	health healthv1.HealthClient
	wire   *v1.Client

	stage          string       // of the start: what the host is waiting for
	checkHandshake func() error // nil: there is none
	file           *executable  // nil: there is none
}

// body is what an instance runs in: a process of its own, or this one.
type body interface {
	// Wait, Kill and ID are for go-plugin. Kill ends the instance at once, may be
	// called several times, and makes calls that are under way fail.
	runner.AttachedRunner
	// exited is closed when the instance has ended.
	exited() <-chan struct{}
	// shutDown asks the plugin to end, waits until it has or ctx is done, and
	// reports whether it has.
	shutDown(ctx context.Context, conn *grpc.ClientConn) bool
}

// connect has go-plugin start the plugin and connect to it.
func (in *instance) connect() (err error) {
	defer func() { // go-plugin trusts a plugin's handshake
		if p := recover(); p != nil {
			err = fmt.Errorf("its handshake makes go-plugin panic: %v", p)
		}
	}()
	if _, err := in.client.Start(); err != nil {
		return err
	}
	if in.checkHandshake != nil {
		if err := in.checkHandshake(); err != nil {
			return err
		}
	}
	in.stage = "the connection to it"
	protocol, err := in.client.Client()
	if err != nil {
		return err
	}
	conn, err := protocol.Dispense(dispensed)
	if err != nil {
		return err
	}
	in.conn = conn.(*grpc.ClientConn) // see connection
	in.health, in.wire = healthv1.NewHealthClient(in.conn), v1.New(in.conn)
	return nil
}

// introduce calls Describe and Configure.
func (in *instance) introduce(ctx context.Context, spec *Spec) error {
	in.stage = "its answer to Describe"
	if err := in.wire.Describe(ctx, spec.Name); err != nil {
		return err
	}
	in.stage = "its answer to Configure"
	return in.wire.Configure(ctx, spec.Config, spec.Cluster)
}

// check calls the plugin's health service.
func (in *instance) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	answer, err := in.health.Check(ctx, &healthv1.HealthCheckRequest{Service: plugin.GRPCServiceName})
	switch {
	case status.Code(err) == codes.DeadlineExceeded:
		return fmt.Errorf("it did not answer for %v", healthTimeout)
	case status.Code(err) == codes.Unimplemented:
		return errors.New("it does not serve that")
	case err != nil:
		return errors.New(v1.OneLine(status.Convert(err).Message()))
	case answer.GetStatus() != healthv1.HealthCheckResponse_SERVING:
		return fmt.Errorf("its status is %v", answer.GetStatus())
	}
	return nil
}

// stop asks the plugin to end, kills it if it has not within patience, and returns
// when it has ended. It reports whether the plugin ended by itself.
func (in *instance) stop(patience time.Duration) (byItself bool) {
	if patience > 0 && in.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		byItself = in.body.shutDown(ctx, in.conn)
		cancel()
	}
	_ = in.body.Kill(context.Background())
	in.client.Kill() // does not wait, since the plugin has ended
	if in.body.ID() != "" {
		<-in.body.exited()
	}
	return byItself
}

// ended returns how the plugin ended, once exited is closed.
func (in *instance) ended() error { return in.body.Wait(context.Background()) }

// gone reports whether the plugin has ended, now or in a moment: that its connection
// is lost may show before.
func (in *instance) gone() bool {
	select {
	case <-in.body.exited():
		return true
	case <-time.After(time.Second):
		return false
	}
}
