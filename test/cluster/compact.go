package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func newCompactCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "compact REVISION",
		Short: "Have etcd drop the history before a revision",
		Long: `Have etcd drop the history before a revision, as API servers do every five minutes.
A watch that begins before it, and that etcd itself answers, gets 410. Afterwards
history fails; history --follow continues if it has reached the revision.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			revision, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("read revision: %w", err)
			}
			return compact(cmd.Context(), dir, revision)
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}

func compact(ctx context.Context, dir string, revision int64) error {
	client, err := dial(dir)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := client.Compact(ctx, revision, clientv3.WithCompactPhysical()); err != nil {
		return fmt.Errorf("compact etcd to revision %d: %w", revision, err)
	}
	return nil
}

// dial connects to the etcd of the cluster in dir.
func dial(dir string) (*clientv3.Client, error) {
	_, s, err := load(dir)
	if err != nil {
		return nil, err
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{s.EtcdURL}, DialTimeout: 5 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("connect to etcd: %w", err)
	}
	return client, nil
}
