package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

type upOptions struct {
	dir, bin, clusterBin, kubeletConfig string
	apiServerArgs, controllerArgs       []string
}

func newUpCommand() *cobra.Command {
	var o upOptions
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start an empty cluster of one node; prints one JSON line when it is ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return up(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	dirFlag(cmd, &o.dir)
	flags := cmd.Flags()
	flags.StringVar(&o.bin, "bin", "", "folder with containerd and the images (default test/node/bin)")
	flags.StringVar(&o.clusterBin, "cluster-bin", "",
		"folder with the control plane and the kubelet (default test/cluster/bin)")
	flags.StringVar(&o.kubeletConfig, "kubelet-config", "", "file with further keys of the kubelet's configuration")
	flags.StringArrayVar(&o.apiServerArgs, "apiserver-arg", nil, "further argument for kube-apiserver (repeatable)")
	flags.StringArrayVar(&o.controllerArgs, "controller-arg", nil,
		"further argument for kube-controller-manager (repeatable)")
	return cmd
}

// up starts a cluster, or leaves nothing running. It does nothing if the cluster
// is already up.
func up(ctx context.Context, o upOptions, out io.Writer) (err error) {
	if err := o.complete(); err != nil {
		return err
	}
	f, err := openFolder(o.dir)
	if err != nil {
		return err
	}
	holder, err := f.running(holderName)
	if err != nil {
		return err
	}
	if holder != nil {
		return f.announce(out)
	}
	defer func() {
		if err != nil {
			// Not ctx, which may be cancelled.
			err = errors.Join(err, f.down(context.WithoutCancel(ctx)))
		}
	}()
	if err := f.prepare(o); err != nil {
		return err
	}
	if err := f.startAll(ctx, newState(f, o)); err != nil {
		return err
	}
	return f.announce(out)
}

// complete fills in the default folders and checks that the programs are there.
func (o *upOptions) complete() error {
	module, err := moduleDir()
	if err != nil && (o.bin == "" || o.clusterBin == "") {
		return err
	}
	if o.bin, err = folderOr(o.bin, filepath.Join(module, "bin")); err != nil {
		return err
	}
	if o.clusterBin, err = folderOr(o.clusterBin, filepath.Join(module, "..", "cluster", "bin")); err != nil {
		return err
	}
	for _, name := range []string{containerd, shim, ctr, "pause.tar", "box.tar"} {
		if _, err := os.Stat(filepath.Join(o.bin, name)); err != nil {
			return fmt.Errorf("find %s (made by node build): %w", name, err)
		}
	}
	for _, name := range []string{etcd, apiServer, controllerManager, scheduler, kubelet, kubectl} {
		if _, err := os.Stat(filepath.Join(o.clusterBin, name)); err != nil {
			return fmt.Errorf("find %s (made by cluster build and cluster build kubelet): %w", name, err)
		}
	}
	return nil
}

// prepare writes all files, and makes the control group and the namespaces.
func (f folder) prepare(o upOptions) error {
	if err := f.reset(); err != nil {
		return err
	}
	var extra []byte
	if o.kubeletConfig != "" {
		var err error
		if extra, err = os.ReadFile(o.kubeletConfig); err != nil {
			return fmt.Errorf("read kubelet configuration: %w", err)
		}
	}
	if err := f.writePKI(); err != nil {
		return err
	}
	if err := f.writeConfigs(extra); err != nil {
		return err
	}
	if err := f.save(newState(f, o)); err != nil {
		return err
	}
	if err := f.makeCgroup(); err != nil {
		return err
	}
	return f.startHolder()
}

// startAll starts the components. The images are imported before the kubelet
// starts, because its first pods need them.
func (f folder) startAll(ctx context.Context, s state) error {
	for _, c := range s.Components {
		if c.Name == kubelet {
			if err := f.importImages(ctx, s); err != nil {
				return err
			}
		}
		if err := f.launch(ctx, c); err != nil {
			return err
		}
	}
	if err := f.run(ctx, s, kubectl, "apply", "-f", f.join("rights.yaml")); err != nil {
		return err
	}
	// The taint of a new node is removed a moment after the node is ready.
	if err := f.retry(ctx, s, kubectl, "wait", "--for=condition=Ready", "node/"+nodeName, "--timeout=10s"); err != nil {
		return err
	}
	const untainted = `test -z "$(kubectl get node ` + nodeName + ` --output=jsonpath={.spec.taints})"`
	if err := f.retry(ctx, s, "sh", "-c", untainted); err != nil {
		return err
	}
	// Pods are refused until the default namespace has its service account.
	return f.retry(ctx, s, kubectl, "wait", "--for=create", "serviceaccount/default", "--timeout=10s")
}

func (f folder) importImages(ctx context.Context, s state) error {
	for _, archive := range []string{"pause.tar", "box.tar"} {
		if err := f.run(ctx, s, ctr, "images", "import", "--local", filepath.Join(s.Bin, archive)); err != nil {
			return err
		}
	}
	return nil
}

// run runs one of the programs in the node's namespaces.
func (f folder) run(ctx context.Context, s state, name string, args ...string) error {
	path, err := lookPath(name, s)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = f.environment(s)
	return f.inside(func() error {
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
		}
		return nil
	})
}

// retry runs a command until it succeeds.
func (f folder) retry(ctx context.Context, s state, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	for {
		err := f.run(ctx, s, name, args...)
		if err == nil {
			return nil
		}
		if pause(ctx, 300*time.Millisecond) != nil {
			return err
		}
	}
}

// announce prints the line that callers read. The process pid is the first one in
// the node's namespaces.
func (f folder) announce(out io.Writer) error {
	pid, err := f.holder()
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(struct {
		AdminKubeconfig  string `json:"admin_kubeconfig"`
		LoggerKubeconfig string `json:"logger_kubeconfig"`
		APIServerURL     string `json:"apiserver_url"`
		EtcdURL          string `json:"etcd_url"`
		PID              int    `json:"pid"`
	}{f.kubeconfig(adminUser), f.kubeconfig(loggerUser), apiServerURL, etcdURL, pid})
}
