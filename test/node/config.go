package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"text/template"
)

// config holds the configuration files, with the cluster's folders and
// addresses left out.
//
//go:embed config
var config embed.FS

// settings fill in the configuration files.
type settings struct {
	Dir, Cgroup, Address, Node, Socket, PauseImage, BoxImage, User string
}

func (f folder) settings() settings {
	return settings{
		Dir: string(f), Cgroup: f.cgroup(), Address: apiAddress, Node: nodeName,
		Socket: containerdSocket, PauseImage: pauseImage, BoxImage: boxImage,
	}
}

// writeConfigs writes all configuration files. extra is added to the kubelet's.
func (f folder) writeConfigs(extra []byte) error {
	s := f.settings()
	for name, to := range map[string]string{
		"containerd.toml": f.join("containerd.toml"),
		"cni.json":        f.join("cni", "10-node.conflist"),
		"resolv.conf":     f.join("resolv.conf"),
		"kubelet.yaml":    f.join("kubelet.yaml"),
		"rights.yaml":     f.join("rights.yaml"),
	} {
		if err := fill(name, to, s); err != nil {
			return err
		}
	}
	for _, user := range []string{adminUser, loggerUser, kubelet, controllerManager, scheduler} {
		s.User = user
		if err := fill("kubeconfig.yaml", f.kubeconfig(user), s); err != nil {
			return err
		}
	}
	return appendTo(f.join("kubelet.yaml"), extra)
}

func fill(name, to string, s settings) error {
	t, err := template.ParseFS(config, "config/"+name)
	if err != nil {
		return fmt.Errorf("read configuration %s: %w", name, err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, s); err != nil {
		return fmt.Errorf("fill in configuration %s: %w", name, err)
	}
	return os.WriteFile(to, text.Bytes(), 0o600)
}

func appendTo(path string, text []byte) error {
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(before, text...), 0o600)
}
