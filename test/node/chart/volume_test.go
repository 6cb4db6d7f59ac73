//go:build node

package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

const storageClass = `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: local
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
`

// volume makes a volume on the node for the claim of a StatefulSet's only pod, and
// returns its folder. It belongs to root, as a fresh disk does.
func (c cluster) volume(ns, release string) string {
	c.t.Helper()
	dir := filepath.Join(c.Dir, "volumes", ns)
	if err := os.Mkdir(dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { c.removeVolume(ns, dir) })
	c.apply(fmt.Sprintf(`
apiVersion: v1
kind: PersistentVolume
metadata: {name: %[1]s}
spec:
  storageClassName: local
  claimRef: {namespace: %[1]s, name: state-%[2]s-0}
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  local: {path: %[3]s}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-1]}]}]
`, ns, release, dir))
	return dir
}

// removeVolume deletes a volume, its claim and its files.
func (c cluster) removeVolume(name, dir string) {
	c.t.Helper()
	c.kubectl(name, "delete", "persistentvolumeclaims", "--all")
	c.Run(c.t, "kubectl", "delete", "persistentvolume", name)
	if err := os.RemoveAll(dir); err != nil {
		c.t.Error(err)
	}
}

// checkOwner checks that the journal belongs to the program's user, on a volume that
// the kubelet gave to its group.
func checkOwner(t *testing.T, dir string) {
	t.Helper()
	const user = 65532
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the volume is empty: %v", err)
	}
	for _, file := range append(files, dir) {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		if stat.Gid != user || file != dir && stat.Uid != user {
			t.Errorf("%s belongs to %d:%d, mode %s", filepath.Base(file), stat.Uid, stat.Gid, info.Mode())
		}
	}
}
