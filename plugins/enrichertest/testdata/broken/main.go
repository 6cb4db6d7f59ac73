// Broken is many plugins, each of which breaks one rule of package enrichertest:
// the name of the executable says which plugin it is, and rules.txt which rule
// that breaks. It does without package enricher, which keeps some rules by
// itself.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

func main() {
	name := filepath.Base(os.Args[0])
	version := enrichv1.ProtocolVersion
	switch name {
	case "exits-at-once":
		os.Exit(3)
	case "no-handshake":
		fmt.Println("Welcome to my plugin!")
		time.Sleep(time.Minute)
	case "silent":
		time.Sleep(time.Minute)
	case "wrong-protocol-version":
		version = 7
	case "keeps-a-lock":
		lock, err := os.OpenFile(os.Args[0]+".lock", os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			panic(err)
		}
		defer os.Remove(lock.Name()) // not after SIGKILL
	}
	s := newService(name)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			MagicCookieKey: enrichv1.MagicCookieKey, MagicCookieValue: enrichv1.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{version: {"enricher": &grpcPlugin{service: s}}},
		GRPCServer:       plugin.DefaultGRPCServer,
		Logger:           hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
	})
	if name == "hangs-on-shutdown" {
		time.Sleep(time.Minute)
	}
}

type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	service *service
}

func (p *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	enrichv1.RegisterEnricherServiceServer(s, p.service)
	return nil
}

func (*grpcPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}
