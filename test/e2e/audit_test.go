//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// auditPolicy has the API server log the requests of the program.
const auditPolicy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, users: [pod-status-logger, pod-status-logger-owners]}
- {level: None}
`

// auditArgs returns the arguments of an API server that logs the requests of the program to a
// file in the folder.
func auditArgs(t *testing.T, dir string) []string {
	t.Helper()
	policy := filepath.Join(dir, "policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--audit-policy-file=" + policy, "--audit-log-path=" + filepath.Join(dir, "audit.jsonl")}
}

// request is a request of the program, with the status code of its response.
type request struct {
	verb, namespace, resource, name, path string
	code                                  float64
}

// requestsOf returns the requests for other objects than pods.
func requestsOf(t *testing.T, dir string) (all []request) {
	t.Helper()
	for line := range strings.Lines(read(t, filepath.Join(dir, "audit.jsonl"))) {
		var event object
		if json.Unmarshal([]byte(line), &event) != nil {
			continue // it is being written
		}
		ref := at(event, "objectRef")
		code, _ := at(event, "responseStatus")["code"].(float64)
		r := request{
			text(event, "verb"), text(ref, "namespace"), text(ref, "resource"), text(ref, "name"), text(event, "requestURI"),
			code,
		}
		if r.resource != "pods" {
			all = append(all, r)
		}
	}
	return all
}
