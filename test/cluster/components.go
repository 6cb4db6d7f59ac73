package main

import (
	"fmt"
	"net"
	"path/filepath"
)

// Throughput over fairness: by default (20 to 50 requests a second) the controllers rather than
// the API server would limit the pace of a rollout.
const (
	clientQPS   = 1000
	clientBurst = 2000
)

// onLoopback keeps a test's cluster off the network.
const onLoopback = "--bind-address=127.0.0.1"

// ports are chosen once, so that a restarted component has the same one.
type ports struct {
	etcdClient, etcdPeer, apiServer, controllerManager, scheduler, kwok int
}

func newPorts() (ports, error) {
	var p ports
	for _, port := range []*int{&p.etcdClient, &p.etcdPeer, &p.apiServer, &p.controllerManager, &p.scheduler, &p.kwok} {
		// Held until all are chosen: a released port may be chosen again.
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, fmt.Errorf("find free port: %w", err)
		}
		defer func() { _ = l.Close() }()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// newState returns the command line of each component. Extra arguments come last, so that they
// override ours.
func newState(f folder, bin string, p ports, apiServerArgs []string) state {
	etcdURL := fmt.Sprintf("http://127.0.0.1:%d", p.etcdClient)
	s := state{EtcdURL: etcdURL, APIServerURL: fmt.Sprintf("https://127.0.0.1:%d", p.apiServer)}
	add := func(name, health string, args ...string) {
		s.Components = append(s.Components, component{Name: name, Path: filepath.Join(bin, name), Args: args, Health: health})
	}
	add(etcd, etcdURL+"/readyz", etcdArgs(f, p)...)
	add(apiServer, s.APIServerURL+"/readyz", append(apiServerBaseArgs(f, p), apiServerArgs...)...)
	add(controllerManager, fmt.Sprintf("https://127.0.0.1:%d/healthz", p.controllerManager),
		controllerManagerArgs(f, p)...)
	add(scheduler, fmt.Sprintf("https://127.0.0.1:%d/readyz", p.scheduler), schedulerArgs(f, p)...)
	add(kwok, fmt.Sprintf("http://127.0.0.1:%d/healthz", p.kwok), kwokArgs(f, p)...)
	return s
}

// etcdArgs disables fsync, because a killed process loses nothing in the page cache; only a
// crashed machine does. The quota fits a whole history, since nothing is compacted.
func etcdArgs(f folder, p ports) []string {
	client := fmt.Sprintf("http://127.0.0.1:%d", p.etcdClient)
	peer := fmt.Sprintf("http://127.0.0.1:%d", p.etcdPeer)
	return []string{
		"--data-dir=" + f.join("etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=default=" + peer,
		"--quota-backend-bytes=8589934592",
		"--unsafe-no-fsync",
	}
}

// apiServerBaseArgs enables RBAC, because the product's own role is under test. It disables
// compaction, so that etcd keeps the history, and ServiceAccount admission, so that pods need
// no token controller.
func apiServerBaseArgs(f folder, p ports) []string {
	return []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", p.etcdClient),
		"--etcd-compaction-interval=0",
		onLoopback,
		"--endpoint-reconciler-type=none",
		fmt.Sprintf("--secure-port=%d", p.apiServer),
		"--cert-dir=" + f.join("certs"),
		"--authorization-mode=RBAC",
		"--token-auth-file=" + f.join("certs", "tokens.csv"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + f.join("certs", "sa.key"),
		"--service-account-signing-key-file=" + f.join("certs", "sa.key"),
		"--service-cluster-ip-range=10.0.0.0/24",
		"--disable-admission-plugins=ServiceAccount",
	}
}

func controllerManagerArgs(f folder, p ports) []string {
	return []string{
		"--kubeconfig=" + f.adminKubeconfig(),
		onLoopback,
		fmt.Sprintf("--secure-port=%d", p.controllerManager),
		"--leader-elect=false",
		fmt.Sprintf("--kube-api-qps=%d", clientQPS),
		fmt.Sprintf("--kube-api-burst=%d", clientBurst),
		"--concurrent-deployment-syncs=20",
		"--concurrent-replicaset-syncs=20",
		"--concurrent-job-syncs=20",
		"--node-monitor-period=1s",
	}
}

func schedulerArgs(f folder, p ports) []string {
	return []string{
		"--config=" + f.join("config", "scheduler.yaml"),
		onLoopback,
		fmt.Sprintf("--secure-port=%d", p.scheduler),
	}
}

// kwokArgs sets a range of addresses for many pods; the rest is in the configuration file.
func kwokArgs(f folder, p ports) []string {
	return []string{
		"--config=" + f.join("config", "kwok.yaml"),
		"--kubeconfig=" + f.adminKubeconfig(),
		"--manage-nodes-with-annotation-selector=" + fakeNodeAnnotation + "=fake",
		"--cidr=10.244.0.0/16",
		fmt.Sprintf("--server-address=127.0.0.1:%d", p.kwok),
	}
}
