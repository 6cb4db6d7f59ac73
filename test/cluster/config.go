package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path"
)

// stages define how kwok moves nodes and pods from one status to the next.
//
//go:embed stages/*.yaml
var stages embed.FS

const schedulerConfig = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection:
  kubeconfig: %q
  qps: %d
  burst: %d
leaderElection:
  leaderElect: false
`

// kwokConfig sets many workers, because they spend most of their time waiting for the API
// server. kwok itself has no rate limit.
const kwokConfig = `apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokConfiguration
options:
  podPlayStageParallelism: 32
  nodePlayStageParallelism: 8
`

// writeConfigs writes the configuration files of scheduler and kwok.
func (f folder) writeConfigs() error {
	text := fmt.Sprintf(schedulerConfig, f.adminKubeconfig(), clientQPS, clientBurst)
	if err := os.WriteFile(f.join("config", "scheduler.yaml"), []byte(text), 0o600); err != nil {
		return fmt.Errorf("write scheduler configuration: %w", err)
	}
	config, err := kwokConfiguration()
	if err != nil {
		return fmt.Errorf("write kwok configuration: %w", err)
	}
	if err := os.WriteFile(f.join("config", "kwok.yaml"), config, 0o600); err != nil {
		return fmt.Errorf("write kwok configuration: %w", err)
	}
	return nil
}

// kwokConfiguration joins the settings and all stages to one YAML stream.
func kwokConfiguration() ([]byte, error) {
	files, err := stages.ReadDir("stages")
	if err != nil {
		return nil, err
	}
	config := bytes.NewBufferString(kwokConfig)
	for _, file := range files {
		text, err := stages.ReadFile(path.Join("stages", file.Name()))
		if err != nil {
			return nil, err
		}
		config.WriteString("---\n")
		config.Write(text)
	}
	return config.Bytes(), nil
}
