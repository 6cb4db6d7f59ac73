package pluginhost

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/rpc"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// instance is one run of a plugin: a process, and the connection to it.
//
// go-plugin's calls, Start but for its own part, Client and Kill, know no
// deadline, and block for ever on a process that is stopped. Killing the process
// ends them all, so that is what each deadline does.
type instance struct {
	process *process
	stage   string // what is waited for
	folder  string // of its socket
	client  *plugin.Client
	conn    *grpc.ClientConn
	health  healthv1.HealthClient
	wire    *v1
}

// start starts a plugin, connects to it, and has it get ready by then. The caller
// is locked to its thread, see [process.Start].
func start(ctx context.Context, spec *Spec, env *surroundings, then func(context.Context, *instance) error) (*instance, error) {
	if err := env.sockets.ensure(); err != nil {
		return nil, err
	}
	cmd, err := spec.command()
	if err != nil {
		return nil, err
	}
	in := &instance{process: newProcess(spec, cmd, env), stage: "its handshake"}
	in.client = plugin.NewClient(in.clientConfig(spec, env))

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	release := context.AfterFunc(ctx, func() { _ = in.process.Kill(ctx) })
	err = in.connect(spec)
	if err == nil {
		err = then(ctx, in)
	}
	if !release() || ctx.Err() != nil {
		err = fmt.Errorf("not ready within %v; %s is missing", startTimeout, in.stage)
	}
	if err != nil {
		in.stop(0)
		return nil, in.explain(err, env.output.takeLast())
	}
	return in, nil
}

// selfName is what a list of processes shows for a built-in plugin.
const selfName = "pod-status-logger"

// command is what is executed.
func (s *Spec) command() (*exec.Cmd, error) {
	path := s.Command
	if path == "" {
		self, err := selfPath()
		if err != nil {
			return nil, err
		}
		path = self
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, %w", path, ErrCommand)
	case info.Mode().Perm()&0o111 == 0:
		return nil, fmt.Errorf("%s is not executable (chmod +x makes it so), %w", path, ErrCommand)
	}
	cmd := exec.Command(path, s.Args...) //nolint:gosec,noctx // the operator names it; its end is [instance.stop]
	if s.Command == "" {
		cmd.Args[0] = selfName
	}
	cmd.Env = append([]string{}, s.Env...) // not nil: that would be the host's
	return cmd, nil
}

func (in *instance) clientConfig(spec *Spec, env *surroundings) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  enrichv1.ProtocolVersion,
			MagicCookieKey:   enrichv1.MagicCookieKey,
			MagicCookieValue: enrichv1.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{enrichv1.ProtocolVersion: {dispensed: connection{}}},
		RunnerFunc: func(_ hclog.Logger, variables *exec.Cmd, folder string) (runner.Runner, error) {
			in.folder = folder
			in.process.cmd.Env = append(in.process.cmd.Env, variables.Env...)
			return in.process, checkSum(spec, in.process.cmd.Path)
		},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         !spec.PlainText,
		SkipHostEnv:      true,
		StartTimeout:     startTimeout,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: env.sockets.path},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithIdleTimeout(0), // a plugin without a stdio stream would be hung up on
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(enrichv1.MaxMessageBytes)),
			grpc.WithStreamInterceptor(withoutBroker),
		},
		Logger:     env.library,
		SyncStdout: env.output,
		SyncStderr: env.output,
	}
}

// checkSum compares the executable with the sum that was pinned. The hash is a
// fresh one each time: go-plugin goes on with the one that it was given.
func checkSum(spec *Spec, path string) error {
	sum, err := spec.checksum()
	if err != nil || len(sum) == 0 {
		return err
	}
	same, err := (&plugin.SecureConfig{Checksum: sum, Hash: sha256.New()}).Check(path)
	if err == nil && !same {
		err = fmt.Errorf("sha256: %s is another file than the one that was pinned", path)
	}
	return err
}

func (in *instance) connect(spec *Spec) (err error) {
	defer func() { // go-plugin believes what a plugin says
		if p := recover(); p != nil {
			err = fmt.Errorf("its handshake makes go-plugin panic: %v", p)
		}
	}()
	if _, err := in.client.Start(); err != nil {
		return err
	}
	if !spec.PlainText && !in.process.certificate.Load() {
		return ErrNoTLS
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
	in.conn = conn.(*grpc.ClientConn) // as connection has it
	in.health, in.wire = healthv1.NewHealthClient(in.conn), newV1(in.conn)
	return nil
}

// introduce has the plugin say who it is and take its configuration.
func (in *instance) introduce(ctx context.Context, spec *Spec) error {
	in.stage = "its answer to Describe"
	if err := in.wire.describe(ctx, spec.Name); err != nil {
		return err
	}
	in.stage = "its answer to Configure"
	return in.wire.configure(ctx, spec)
}

// ErrNoTLS is that a plugin has no certificate where it should.
var ErrNoTLS = errors.New("it does not speak AutoMTLS; where it can't, say autoMTLS: false for it")

// ErrCommand is that a file can't be run as a plugin.
var ErrCommand = errors.New("which can't be run")

// withoutBroker refuses the stream by which plugins could ask for more
// connections: the host offers none, and go-plugin keeps what is asked for.
func withoutBroker(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if method == "/plugin.GRPCBroker/StartStream" {
		return nil, status.Error(codes.Unimplemented, "there is no broker")
	}
	return streamer(ctx, desc, conn, method, opts...)
}

// explain says why a plugin did not start, in one line.
func (in *instance) explain(err error, printed string) error {
	path, greeting := in.process.cmd.Path, in.process.greeting.Load()
	if config := (*ConfigError)(nil); errors.As(err, &config) || errors.Is(err, ErrNoTLS) {
		return err
	}
	if in.process.pid() == 0 && errors.Is(err, fs.ErrNotExist) { // the file is there
		return fmt.Errorf("the interpreter that the first line of %s names is not there, %w", path, ErrCommand)
	}
	text := oneLine(err.Error())
	exit := (*exec.ExitError)(nil)
	exited := in.process.pid() != 0 && (in.process.ended() == nil || errors.As(in.process.ended(), &exit) && exit.Exited())
	switch how := in.process.cmd.ProcessState; {
	case greeting != nil && strings.Count(*greeting, "|") < 3:
		text = fmt.Sprintf("it printed %.100q on stdout, where its handshake belongs; a plugin logs to stderr", *greeting)
	case exited && greeting == nil:
		text = fmt.Sprintf("it ended with %v before its handshake", how)
		if printed == "" {
			text += "; is it a plugin?"
		}
	case exited:
		text = fmt.Sprintf("it ended with %v; %s", how, text)
	}
	if printed != "" {
		text += fmt.Sprintf("; it printed: %.200q", printed)
	}
	return errors.New(text)
}

// check asks the plugin for its health.
func (in *instance) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	answer, err := in.health.Check(ctx, &healthv1.HealthCheckRequest{Service: plugin.GRPCServiceName})
	switch {
	case status.Code(err) == codes.DeadlineExceeded:
		return fmt.Errorf("it did not answer for %v", healthTimeout)
	case err != nil:
		return errors.New(oneLine(status.Convert(err).Message()))
	case answer.GetStatus() != healthv1.HealthCheckResponse_SERVING:
		return fmt.Errorf("it says that it is %v", answer.GetStatus())
	}
	return nil
}

// stop asks the plugin to end, has it killed with all that it has started where
// it has not after patience, and returns when it is gone: whether by itself.
func (in *instance) stop(patience time.Duration) (byItself bool) {
	if patience > 0 && in.conn != nil {
		byItself = in.shutDown(patience)
	}
	_ = in.process.Kill(context.Background())
	in.client.Kill() // the process is gone, so it does not wait
	if in.process.pid() != 0 {
		<-in.process.exited
	}
	if in.folder != "" {
		_ = os.RemoveAll(in.folder) // go-plugin leaves it where the start has failed
	}
	return byItself
}

// shutDown asks the plugin to end, as go-plugin does, but with a deadline, and
// tells whether it has.
func (in *instance) shutDown(patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = in.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{}) // may end before it answers
	select {
	case <-in.process.exited:
		return true
	case <-ctx.Done():
		return false
	}
}

// dispensed is the name of the one thing that go-plugin has a plugin dispense.
const dispensed = "enricher"

// connection dispenses the connection itself; [v1] has what goes over it.
type connection struct{}

var _ plugin.GRPCPlugin = connection{}

func (connection) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

func (connection) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return errors.ErrUnsupported }

// Server and Client are for go-plugin's other protocol.
func (connection) Server(*plugin.MuxBroker) (any, error) { return nil, errors.ErrUnsupported }

func (connection) Client(*plugin.MuxBroker, *rpc.Client) (any, error) {
	return nil, errors.ErrUnsupported
}

// gone tells whether the process has ended, now or in a moment.
func (in *instance) gone() bool {
	select {
	case <-in.process.exited:
		return true
	case <-time.After(100 * time.Millisecond):
		return false
	}
}
