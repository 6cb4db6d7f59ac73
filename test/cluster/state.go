package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// state is the content of cluster.json, which up writes and the other commands read.
type state struct {
	APIServerURL string `json:"apiserver_url"`
	EtcdURL      string `json:"etcd_url"`
	// Components are in the order in which they start.
	Components []component `json:"components"`
}

// newFolder creates the folders of a new cluster.
func newFolder(dir string) (folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("make cluster in %q: %w", dir, err)
	}
	f := folder(abs)
	if _, err := os.Stat(f.join("cluster.json")); err == nil {
		return "",
			fmt.Errorf("make cluster in %q: it holds a cluster already; call cluster down, then remove the folder or name "+
				"another one", dir)
	}
	for _, sub := range []string{"certs", "config", "etcd", "logs", "run"} {
		if err := os.MkdirAll(f.join(sub), 0o700); err != nil {
			return "", fmt.Errorf("make cluster in %q: %w", dir, err)
		}
	}
	return f, nil
}

func (f folder) save(s state) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write cluster.json: %w", err)
	}
	return os.WriteFile(f.join("cluster.json"), append(text, '\n'), 0o600)
}

func load(dir string) (folder, state, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", state{}, fmt.Errorf("read cluster in %q: %w", dir, err)
	}
	f := folder(abs)
	text, err := os.ReadFile(f.join("cluster.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return f, state{}, fmt.Errorf("read cluster in %q: no cluster was started there: %w", dir, err)
	}
	if err != nil {
		return f, state{}, fmt.Errorf("read cluster in %q: %w", dir, err)
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return f, state{}, fmt.Errorf("read cluster in %q: %w", dir, err)
	}
	return f, s, nil
}

func (s state) component(name string) (component, error) {
	for _, c := range s.Components {
		if c.Name == name {
			return c, nil
		}
	}
	return component{},
		fmt.Errorf("find component %q: want etcd, kube-apiserver, kube-controller-manager, kube-scheduler or kwok", name)
}
