package main

import "path/filepath"

// The control plane and the kubelet, as test/cluster builds them.
const (
	etcd              = "etcd"
	apiServer         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kubelet           = "kubelet"
	kubectl           = "kubectl"
)

const containerdSocket = "/run/containerd/containerd.sock"

// The node has a network of its own, so the ports are the usual ones.
const (
	etcdURL      = "http://127.0.0.1:2379"
	etcdPeerURL  = "http://127.0.0.1:2380"
	apiServerURL = "https://" + apiAddress + ":443"
	onLoopback   = "--bind-address=127.0.0.1"
)

// newState returns the cluster's programs with their arguments. Further
// arguments come last, so that they win.
func newState(f folder, o upOptions) state {
	s := state{APIServerURL: apiServerURL, EtcdURL: etcdURL, Bin: o.bin, ClusterBin: o.clusterBin}
	add := func(bin, name, health string, args ...string) {
		s.Components = append(s.Components, component{
			Name: name, Path: filepath.Join(bin, name), Args: args, Health: health,
		})
	}
	add(o.clusterBin, etcd, etcdURL+"/readyz", etcdArgs(f)...)
	add(o.clusterBin, apiServer, apiServerURL+"/readyz", append(apiServerArgs(f), o.apiServerArgs...)...)
	add(o.clusterBin, controllerManager, "https://127.0.0.1:10257/healthz",
		append(controllerManagerArgs(f), o.controllerArgs...)...)
	add(o.clusterBin, scheduler, "https://127.0.0.1:10259/readyz",
		"--kubeconfig="+f.kubeconfig(scheduler), "--leader-elect=false", onLoopback)
	add(o.bin, containerd, "", "--config="+f.join("containerd.toml"))
	add(o.clusterBin, kubelet, "http://127.0.0.1:10248/healthz", kubeletArgs(f)...)
	return s
}

// etcdArgs leave out fsync, because only a crash of the machine would lose what a
// process has written. The quota is for a whole history, which is never compacted.
func etcdArgs(f folder) []string {
	return []string{
		"--data-dir=" + f.join("etcd"),
		"--listen-client-urls=" + etcdURL,
		"--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=" + etcdPeerURL,
		"--initial-advertise-peer-urls=" + etcdPeerURL,
		"--initial-cluster=default=" + etcdPeerURL,
		"--quota-backend-bytes=8589934592",
		"--unsafe-no-fsync",
	}
}

// apiServerArgs let SIGTERM end the API server within seconds. By default it waits a
// minute for open watches, which never end by themselves.
func apiServerArgs(f folder) []string {
	return []string{
		"--etcd-servers=" + etcdURL,
		"--etcd-compaction-interval=0",
		"--bind-address=" + apiAddress,
		"--advertise-address=" + apiAddress,
		"--secure-port=443",
		"--tls-cert-file=" + f.pki(apiServer+".crt"),
		"--tls-private-key-file=" + f.pki(apiServer+".key"),
		"--client-ca-file=" + f.pki("ca.crt"),
		"--kubelet-client-certificate=" + f.pki("apiserver-kubelet.crt"),
		"--kubelet-client-key=" + f.pki("apiserver-kubelet.key"),
		"--kubelet-certificate-authority=" + f.pki("ca.crt"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + f.pki("sa.key"),
		"--service-account-signing-key-file=" + f.pki("sa.key"),
		"--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--shutdown-send-retry-after=true",
	}
}

// controllerManagerArgs raise the rate limits, which would otherwise set the pace
// of many small workloads, and shorten the time after which a silent node is
// taken for lost.
func controllerManagerArgs(f folder) []string {
	return []string{
		"--kubeconfig=" + f.kubeconfig(controllerManager),
		onLoopback,
		"--leader-elect=false",
		"--service-account-private-key-file=" + f.pki("sa.key"),
		"--root-ca-file=" + f.pki("ca.crt"),
		"--use-service-account-credentials=true",
		"--flex-volume-plugin-dir=" + f.join("volumes", "plugins"), // else it makes one in /usr
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		"--node-monitor-period=2s",
		"--node-monitor-grace-period=20s",
	}
}

func kubeletArgs(f folder) []string {
	return []string{
		"--config=" + f.join("kubelet.yaml"),
		"--kubeconfig=" + f.kubeconfig(kubelet),
		"--root-dir=" + f.join("kubelet"),
		"--cert-dir=" + f.join("kubelet", "pki"),
		"--hostname-override=" + nodeName,
		"--node-ip=" + apiAddress,
		"--v=2",
	}
}
