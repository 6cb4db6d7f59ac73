package config

import (
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestDefaults: the default configuration is valid.
func TestDefaults(t *testing.T) {
	c := Default()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

// TestDocuments: a file may have the markers of YAML documents.
func TestDocuments(t *testing.T) {
	const good = "apiVersion: podstatus/v1alpha1\nkind: Config\ncluster: c\n"
	for name, c := range map[string]struct {
		file string
		bad  bool
	}{
		"plain":           {file: good},
		"marked":          {file: "---\n" + good},
		"licence above":   {file: "# Licence\n\n---\n" + good},
		"ends":            {file: good + "---\n"},
		"ends with dots":  {file: "---\n" + good + "...\n"},
		"comment below":   {file: good + "---\n# nothing\n"},
		"CRLF":            {file: strings.ReplaceAll("---\n"+good, "\n", "\r\n")},
		"two after dots":  {file: good + "...\ncluster: x\n", bad: true},
		"two on one line": {file: good + "--- {cluster: x}\n", bad: true},
		"nothing twice":   {file: good + "---\n---\n"},
		"null":            {file: good + "shutdownTimeout:\nstate: {maxSize: }\n"},
		"two":             {file: good + "---\nnonsense: 1\n", bad: true},
		"two of the same": {file: good + "---\n" + good, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Default()
			err := parse([]byte(c.file), &cfg)
			if (err != nil) != c.bad || !c.bad && cfg.Cluster != "c" {
				t.Errorf("cluster %q, error %v", cfg.Cluster, err)
			}
		})
	}
}

// FuzzConfig: any file is read or rejected with a reason. A configuration survives
// printing and reading.
func FuzzConfig(f *testing.F) {
	f.Add("apiVersion: podstatus/v1alpha1\nkind: Config\nwatch: {namespaces: [a], selector: 'a=b'}\nstate: {maxSize: " +
		"1Gi}\nshutdownTimeout: 1m\n")
	f.Add("watch: {namespace: x}\nplugins: [{name: a}]\n")
	f.Add("state: {maxSize: 1e3}\nshutdownTimeout: 5\n")
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := Default()
		if err := parse([]byte(text), &c); err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("refused without a reason")
			}
			return
		}
		if c.Validate() != nil {
			return
		}
		printed, err := yaml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again := Default()
		if err := parse(printed, &again); err != nil {
			t.Fatalf("the printed configuration is rejected: %v\n%s", err, printed)
		}
		if reprinted, _ := yaml.Marshal(again); !reflect.DeepEqual(printed, reprinted) {
			t.Errorf("printed\n%s\nread again\n%s", printed, reprinted)
		}
	})
}
