package enrichertest_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/pod-status-logger/pod-status-logger/plugins/enrichertest"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// build compiles a program in testdata.
func build(t *testing.T, name string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("go", "build", "-tags", "grpcnotrace", "-o", path,
		"./testdata/"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// process is a plugin that go-plugin has started.
type process struct {
	client *plugin.Client
	conn   *grpc.ClientConn
	cmd    *exec.Cmd
}

func launch(t *testing.T, path string, args ...string) enrichertest.Start {
	t.Helper()
	sockets := t.TempDir()
	return func(ctx context.Context) (enrichertest.Process, error) {
		deadline, _ := ctx.Deadline()
		p := &process{cmd: exec.Command(path, args...)}
		p.cmd.Env = []string{"PLUGIN_UNIX_SOCKET_DIR=" + sockets, "GOCOVERDIR=" + sockets}
		p.client = plugin.NewClient(&plugin.ClientConfig{
			HandshakeConfig: plugin.HandshakeConfig{
				ProtocolVersion: enrichv1.ProtocolVersion,
				MagicCookieKey:  enrichv1.MagicCookieKey, MagicCookieValue: enrichv1.MagicCookieValue,
			},
			VersionedPlugins: map[int]plugin.PluginSet{enrichv1.ProtocolVersion: {"enricher": connPlugin{}}},
			Cmd:              p.cmd,
			AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
			AutoMTLS:         true,
			StartTimeout:     time.Until(deadline),
			Logger:           hclog.NewNullLogger(),
		})
		dispensed, err := p.dispense()
		if err != nil {
			p.client.Kill() // it is dead, but what belongs to it is not
			return nil, err
		}
		p.conn = dispensed.(*grpc.ClientConn)
		return p, nil
	}
}

func (p *process) dispense() (any, error) {
	protocol, err := p.client.Client()
	if err != nil {
		return nil, err
	}
	return protocol.Dispense("enricher")
}

func (p *process) Client() enrichv1.EnricherServiceClient {
	return enrichv1.NewEnricherServiceClient(p.conn)
}

func (p *process) Health(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request := &healthv1.HealthCheckRequest{Service: plugin.GRPCServiceName}
	answer, err := healthv1.NewHealthClient(p.conn).Check(ctx, request)
	if err == nil && answer.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		err = fmt.Errorf("its status is %v", answer.GetStatus())
	}
	return err
}

// Ended waits for the end: a lost connection shows before.
func (p *process) Ended() string {
	for range 1000 {
		if p.client.Exited() {
			return p.cmd.ProcessState.String()
		}
		time.Sleep(time.Millisecond)
	}
	return ""
}

// Stop calls go-plugin's Shutdown by itself: Kill does so without a deadline.
func (p *process) Stop(ctx context.Context) error {
	// fails as the server ends
	_ = p.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
	for !p.client.Exited() {
		select {
		case <-ctx.Done():
			return errors.New("it runs on")
		case <-time.After(5 * time.Millisecond):
		}
	}
	p.client.Kill()
	return nil
}

func (p *process) Kill() {
	_ = p.cmd.Process.Kill()
	p.client.Kill()
}

type connPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (connPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this is the side of the host")
}

func (connPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}
