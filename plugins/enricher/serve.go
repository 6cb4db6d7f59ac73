package enricher

import (
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// pluginName is the name of the one plugin, in go-plugin's sense, that an
// executable serves.
const pluginName = "enricher"

// handshake is what both sides of go-plugin's handshake have to know.
func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  enrichv1.ProtocolVersion,
		MagicCookieKey:   enrichv1.MagicCookieKey,
		MagicCookieValue: enrichv1.MagicCookieValue,
	}
}

// Serve runs a plugin until its host ends it or is gone. It is all that main
// does, and is for a program that the host has started: in any other it says so
// and exits. A plugin that is an [io.Closer] is closed in the end.
func Serve(e Enricher) {
	if l, ok := e.(Logger); ok {
		// go-plugin replaces os.Stderr, and then its lines have no level.
		l.SetLogger(slog.New(newLogHandler(os.Stderr)))
	}
	shut := sync.OnceFunc(func() {
		if c, ok := e.(io.Closer); ok {
			_ = c.Close() // nobody is left to be told
		}
	})
	host := os.Getppid()
	go func() {
		awaitOrphaned(host, os.Getppid, time.Second)
		shut()
		os.Exit(1) //nolint:forbidigo // nobody is left who could end the process
	}()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  handshake(),
		VersionedPlugins: map[int]plugin.PluginSet{enrichv1.ProtocolVersion: {pluginName: &grpcPlugin{enricher: e}}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.ForceServerCodecV2(enrichv1.Codec()),
				grpc.MaxRecvMsgSize(enrichv1.MaxMessageBytes), grpc.MaxSendMsgSize(enrichv1.MaxMessageBytes))...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true, Level: hclog.Warn}),
	})
	shut()
}

// awaitOrphaned returns once the process that started this one has ended:
// another one is its parent then. The host has plugins killed with it where the
// system can do that, which is not everywhere, nor where a script is in between.
func awaitOrphaned(host int, parent func() int, every time.Duration) {
	for parent() == host {
		time.Sleep(every)
	}
}
