package enricher

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// Serve runs a plugin until its host ends it, or until the host has ended. It is the only call
// in main. If no host has started the program, Serve prints an explanation and exits. A plugin
// that is an [io.Closer] is closed at the end.
func Serve(e Enricher) {
	if os.Getenv(enrichv1.MagicCookieKey) != enrichv1.MagicCookieValue { //nolint:forbidigo // Serve is main
		fmt.Fprintln(os.Stderr, "This binary is a plugin. Don't run it directly: pod-status-logger starts it.")
		os.Exit(1) //nolint:forbidigo // Serve is main
	}
	log := slog.New(newLogHandler(os.Stderr))
	p := newPlugin(e, log)
	shut := sync.OnceFunc(func() { _ = p.Close() }) // no one is left to receive an error
	host := os.Getppid()
	go func() {
		awaitOrphaned(host, os.Getppid, time.Second)
		shut()
		os.Exit(1) //nolint:forbidigo // no host is left to end the process
	}()
	if err := serve(p); err != nil {
		log.Error("the plugin can't be served", "error", err)
		os.Exit(1) //nolint:forbidigo // Serve is main
	}
	shut()
}

// serve replaces go-plugin's Serve for gRPC, with go-plugin's server. That function also links
// net/rpc, whose reflection prevents the linker from removing unused methods: 4.8 MB.
//
// Stdout and stderr are not redirected: the host reads both.
func serve(p *grpcPlugin) error {
	security, certificate, err := mutualTLS(os.Getenv("PLUGIN_CLIENT_CERT")) //nolint:forbidigo // of the handshake
	if err != nil {
		return fmt.Errorf("set up AutoMTLS: %w", err)
	}
	listener, err := listen(os.Getenv(plugin.EnvUnixSocketDir)) //nolint:forbidigo // of the handshake
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // the host ends the plugin after the last call
	nothing := noOutput{}
	server := &plugin.GRPCServer{
		Plugins: plugin.PluginSet{"enricher": p},
		Server: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, enrichv1.ServerOptions()...)...)
		},
		TLS:    security,
		Stdout: nothing, Stderr: nothing,
		DoneCh: make(chan struct{}),
	}
	if err := server.Init(); err != nil {
		return err
	}
	handshake := fmt.Sprintf("%d|%d|unix|%s|%s|%s\n",
		plugin.CoreProtocolVersion, enrichv1.ProtocolVersion, listener.Addr(), plugin.ProtocolGRPC, certificate)
	if _, err := os.Stdout.WriteString(handshake); err != nil {
		return fmt.Errorf("print the handshake: %w", err)
	}
	server.Serve(listener) // until the host calls Shutdown
	return nil
}

// listen listens on a socket with a new name in the folder; if that is empty, in the folder for
// temporary files.
func listen(folder string) (net.Listener, error) {
	file, err := os.CreateTemp(folder, "plugin")
	if err != nil {
		return nil, err
	}
	path := file.Name()
	_ = file.Close()
	if err := os.Remove(path); err != nil { //nolint:gosec // created a moment ago, in the host's folder
		return nil, err
	}
	return net.Listen("unix", path) //nolint:noctx // it does not block
}

// noOutput is a stream without data, in place of the output that go-plugin would forward.
type noOutput struct{}

func (noOutput) Read([]byte) (int, error) { select {} }

// awaitOrphaned returns once the process that started this one has ended, when the parent
// changes. On Linux the kernel kills a plugin with its host, unless a script is in between;
// other systems don't.
func awaitOrphaned(host int, parent func() int, every time.Duration) {
	for parent() == host {
		time.Sleep(every)
	}
}
