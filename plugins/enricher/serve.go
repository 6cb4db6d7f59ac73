package enricher

import (
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// pluginName is the name, in go-plugin's sense, of the one plugin of an executable.
const pluginName = "enricher"

// handshake returns the constants on which both sides of go-plugin's handshake agree.
func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  enrichv1.ProtocolVersion,
		MagicCookieKey:   enrichv1.MagicCookieKey,
		MagicCookieValue: enrichv1.MagicCookieValue,
	}
}

// Serve runs a plugin until its host ends it or has ended. Main calls nothing else.
// In a program that no host has started it prints that and exits. A plugin that is an
// [io.Closer] is closed in the end.
func Serve(e Enricher) {
	// This os.Stderr: go-plugin replaces it, and lines on the other one have no level.
	p := newPlugin(e, slog.New(newLogHandler(os.Stderr)))
	shut := sync.OnceFunc(func() { _ = p.Close() }) // nobody is left to report an error to
	host := os.Getppid()
	go func() {
		awaitOrphaned(host, os.Getppid, time.Second)
		shut()
		os.Exit(1) //nolint:forbidigo // nobody is left who could end the process
	}()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  handshake(),
		VersionedPlugins: map[int]plugin.PluginSet{enrichv1.ProtocolVersion: {pluginName: p}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, enrichv1.ServerOptions()...)...)
		},
		Logger: hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true, Level: hclog.Warn}),
	})
	shut()
}

// awaitOrphaned returns when the process that started this one has ended: the parent
// is another one then. On Linux a plugin is killed with its host, unless a script is
// in between; elsewhere it is not.
func awaitOrphaned(host int, parent func() int, every time.Duration) {
	for parent() == host {
		time.Sleep(every)
	}
}
