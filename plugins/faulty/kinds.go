package faulty

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// configured takes one key, prefix, that is not "bad".
type configured struct{ faulty }

var _ enricher.Configurer = configured{}

func (configured) Configure(config []byte) error {
	var c struct {
		Prefix string `json:"prefix"`
	}
	if err := enricher.Decode(config, &c); err != nil {
		return err
	}
	if c.Prefix == "bad" {
		return errors.New(`prefix: "bad" is not good; any other text is`)
	}
	return nil
}

// stubborn does not end when it is asked to.
type stubborn struct{ faulty }

func (stubborn) Close() error { select {} }

// haveChild starts a process that sleeps for a minute, and returns its number.
func haveChild(attributes *syscall.SysProcAttr) int {
	child := exec.Command("/bin/sleep", "60") //nolint:noctx // to outlive this
	child.Stdout, child.Stderr, child.SysProcAttr = os.Stdout, os.Stderr, attributes
	if err := child.Start(); err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "child", child.Process.Pid)
	return child.Process.Pid
}

// talker logs, and prints where nobody should.
type talker struct {
	faulty
	log *slog.Logger
}

var _ enricher.Logger = (*talker)(nil)

func (t *talker) SetLogger(log *slog.Logger) { t.log = log }

func (t *talker) Enrich(ctx context.Context, r *enricher.Record, p *enricher.Patch) error {
	t.log.Error("logged", "pod", r.GetPod().GetName())
	fmt.Println("printed on stdout")
	fmt.Fprintln(os.Stderr, "printed on stderr")
	return t.faulty.Enrich(ctx, r, p)
}

// flood writes as fast as it is read.
func flood() {
	for i := 0; ; i++ {
		fmt.Fprintln(os.Stderr, "flood", i)
	}
}

// leak takes 64 KiB more for each record.
func leak() func(r *enricher.Record, p *enricher.Patch) error {
	var held [][]byte
	return func(r *enricher.Record, p *enricher.Patch) error {
		block := make([]byte, 64<<10)
		for i := 0; i < len(block); i += os.Getpagesize() {
			block[i] = 1
		}
		held = append(held, block)
		return good(r, p)
	}
}

// wrongCount serves a plugin that answers with so many patches more than there
// are records; with 0 it answers with an error.
func wrongCount(more int) func() {
	return func() {
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: plugin.HandshakeConfig{
				ProtocolVersion: enrichv1.ProtocolVersion, MagicCookieKey: enrichv1.MagicCookieKey, MagicCookieValue: enrichv1.MagicCookieValue,
			},
			Plugins:    plugin.PluginSet{"enricher": &counted{more: more}},
			GRPCServer: plugin.DefaultGRPCServer,
		})
	}
}

type counted struct {
	plugin.NetRPCUnsupportedPlugin
	enrichv1.UnimplementedEnricherServiceServer
	more int
}

func (c *counted) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	enrichv1.RegisterEnricherServiceServer(s, c)
	return nil
}

func (*counted) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

func (*counted) Describe(context.Context, *enrichv1.DescribeRequest) (*enrichv1.DescribeResponse, error) {
	return &enrichv1.DescribeResponse{Name: Name, Version: "1"}, nil
}

func (*counted) Configure(context.Context, *enrichv1.ConfigureRequest) (*enrichv1.ConfigureResponse, error) {
	return &enrichv1.ConfigureResponse{}, nil
}

func (c *counted) Enrich(_ context.Context, r *enrichv1.EnrichRequest) (*enrichv1.EnrichResponse, error) {
	if c.more == 0 {
		time.Sleep(time.Millisecond)
		return nil, errors.New("database is away")
	}
	return &enrichv1.EnrichResponse{Patches: make([]*enrichv1.Patch, len(r.GetRecords())+c.more)}, nil
}
