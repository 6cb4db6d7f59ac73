package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

type upOptions struct {
	dir, bin      string
	nodes         int
	apiServerArgs []string
}

func newUpCommand() *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a cluster; prints one JSON line when it is ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return up(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	dirFlag(cmd, &o.dir)
	cmd.Flags().StringVar(&o.bin, "bin", "", "folder with the five programs (default test/cluster/bin)")
	cmd.Flags().IntVar(&o.nodes, "nodes", 4, "number of fake nodes, 500 pods each")
	cmd.Flags().StringArrayVar(&o.apiServerArgs, "apiserver-arg", nil,
		"further argument for kube-apiserver, e.g. --watch-cache=false (repeat for more)")
	return cmd
}

// up starts a cluster; after an error nothing is running.
func up(ctx context.Context, o upOptions, out io.Writer) (err error) {
	bin, err := binDir(o.bin)
	if err != nil {
		return err
	}
	for _, p := range programs() {
		if _, err := os.Stat(filepath.Join(bin, p.name)); err != nil {
			return fmt.Errorf("find %s (call cluster build): %w", p.name, err)
		}
	}
	f, err := newFolder(o.dir)
	if err != nil {
		return err
	}
	p, err := newPorts()
	if err != nil {
		return err
	}
	s := newState(f, bin, p, o.apiServerArgs)
	if err := f.save(s); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// Not ctx, which may be cancelled.
			err = errors.Join(err, f.stopAll(context.WithoutCancel(ctx)))
		}
	}()
	if err := f.startAll(ctx, s); err != nil {
		return err
	}
	if err := f.bootstrap(ctx, o.nodes); err != nil {
		return err
	}
	return f.announce(s, out)
}

// startAll starts the store, then the API server, then its clients.
func (f folder) startAll(ctx context.Context, s state) error {
	credentials, err := f.writeCredentials()
	if err != nil {
		return err
	}
	if err := f.writeConfigs(); err != nil {
		return err
	}
	const servers = 2 // etcd and kube-apiserver
	for _, c := range s.Components[:servers] {
		if err := f.launch(ctx, c); err != nil {
			return err
		}
	}
	if err := f.writeKubeconfigs(s.APIServerURL, credentials); err != nil {
		return err
	}
	for _, c := range s.Components[servers:] {
		if err := f.spawn(c); err != nil {
			return err
		}
	}
	for _, c := range s.Components[servers:] {
		if err := f.awaitReady(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// announce prints the one line that a caller reads.
func (f folder) announce(s state, out io.Writer) error {
	return json.NewEncoder(out).Encode(struct {
		AdminKubeconfig  string `json:"admin_kubeconfig"`
		LoggerKubeconfig string `json:"logger_kubeconfig"`
		OwnersKubeconfig string `json:"owners_kubeconfig"`
		APIServerURL     string `json:"apiserver_url"`
		EtcdURL          string `json:"etcd_url"`
	}{f.adminKubeconfig(), f.loggerKubeconfig(), f.ownersKubeconfig(), s.APIServerURL, s.EtcdURL})
}
