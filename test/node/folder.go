package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folder holds the data of one cluster.
type folder string

// state is written by up and read by the other commands. "cluster history"
// reads the same file, so the names of its fields are those of test/cluster.
type state struct {
	APIServerURL string `json:"apiserver_url"`
	EtcdURL      string `json:"etcd_url"`
	// Bin and ClusterBin are the folders of the programs.
	Bin        string `json:"bin"`
	ClusterBin string `json:"cluster_bin"`
	// Components are in the order in which they start.
	Components []component `json:"components"`
}

func openFolder(dir string) (folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find cluster in %q: %w", dir, err)
	}
	return folder(abs), nil
}

func (f folder) join(elem ...string) string {
	return filepath.Join(append([]string{string(f)}, elem...)...)
}

func (f folder) log(name string) string { return f.join("logs", name+".log") }

func (f folder) kubeconfig(user string) string { return f.join(user + ".kubeconfig") }

// subfolders are the folders that up makes. All but the logs of the components
// begin empty.
func subfolders() []string {
	return []string{
		"run", "pki", "logs", "etcd", "containerd", "kubelet", "manifests", "cni", "volumes", "shield",
		"var-log", "var-lib",
	}
}

// reset empties the folder of what an earlier cluster left.
func (f folder) reset() error {
	for _, hidden := range hiddenFolders() {
		if strings.HasPrefix(string(f)+"/", hidden+"/") {
			return fmt.Errorf("make cluster in %s: the node has a %s of its own, so the folder can't be there", f, hidden)
		}
	}
	for _, sub := range subfolders() {
		if err := os.RemoveAll(f.join(sub)); err != nil {
			return fmt.Errorf("make cluster in %s: %w", f, err)
		}
		if err := os.MkdirAll(f.join(sub), 0o755); err != nil {
			return fmt.Errorf("make cluster in %s: %w", f, err)
		}
	}
	return nil
}

func (f folder) save(s state) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write cluster.json: %w", err)
	}
	return os.WriteFile(f.join("cluster.json"), append(text, '\n'), 0o600)
}

func load(dir string) (folder, state, error) {
	f, err := openFolder(dir)
	if err != nil {
		return "", state{}, err
	}
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
	names := make([]string, 0, len(s.Components))
	for _, c := range s.Components {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return component{}, fmt.Errorf("find component %q: want one of %s", name, strings.Join(names, ", "))
}
