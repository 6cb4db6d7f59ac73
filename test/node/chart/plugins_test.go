//go:build node

package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestPluginImages installs the chart with a plugin from an image, by both methods. The
// image for the second has neither cp nor a shell.
func TestPluginImages(t *testing.T) {
	t.Parallel()
	c := theCluster(t)
	plugin := filepath.Join(t.TempDir(), "hello")
	build(t, []string{"CGO_ENABLED=0"}, "go", "-C", "../../..", "build", "-o", plugin, "./plugins/examples/hello")
	busybox := "/bin/busybox"
	c.addImage("node.test/hello-cp:1", "/usr/bin/hello", map[string]string{plugin: "/usr/bin/hello", busybox: "/bin/cp"})
	c.addImage("node.test/hello:1", "/usr/bin/hello", map[string]string{plugin: "/usr/bin/hello"})
	for method, image := range map[string]string{"copy": "node.test/hello-cp:1", "image-volume": "node.test/hello:1"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			c := cluster{c.Node, t}
			ns := c.namespace("plugin-" + method)
			c.volume(ns, release)
			values := filepath.Join(t.TempDir(), "values.yaml")
			text := fmt.Sprintf(`
pluginImages: [{name: hello, image: %q, path: /usr/bin/hello, method: %s}]
config: {plugins: [{name: hello, command: /plugins/hello/hello}]}
`, image, method)
			if err := os.WriteFile(values, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			l := c.install(ns, "statefulset", "--values="+values)
			c.create(ns, "greeted")
			if rec := l.seen("greeted"); rec.Greeting != "hello greeted" {
				t.Errorf("the plugin's attribute is %q", rec.Greeting)
			}
		})
	}
}
