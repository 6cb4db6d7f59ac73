package helm

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
)

// odd are names that Kubernetes accepts and that YAML reads as another type.
var odd = []string{"123", "on", "null", "1e3"}

// TestOddNames checks that such names stay strings. A Role whose namespace is read as null
// would be created in the namespace of the release.
func TestOddNames(t *testing.T) {
	for _, release := range odd {
		for _, ns := range []string{"456", "on"} {
			rendered := helm(t, "v4").must("template", release, chart, "--namespace", ns, "--set-json",
				`config.watch.namespaces=["123","on","null","1e3"]`,
				"--set", "podDisruptionBudget.enabled=true,dashboard.enabled=true", "--set-string",
				"priorityClassName=1,persistence.storageClass=1,otlp.tls.secretName=1")
			got := map[string][]string{}
			for _, object := range decode(t, rendered) {
				m, err := meta.Accessor(object)
				if err != nil {
					t.Fatal(err)
				}
				kind := object.GetObjectKind().GroupVersionKind().Kind
				got[kind] = append(got[kind], m.GetNamespace())
				if label := m.GetLabels()["app.kubernetes.io/instance"]; label != release {
					t.Errorf("%s has the label of release %q, want %q", kind, label, release)
				}
			}
			for _, kind := range []string{"Role", "RoleBinding"} {
				if !slices.Equal(got[kind], odd) {
					t.Errorf("each %s is in %q, want %q", kind, got[kind], odd)
				}
				delete(got, kind)
			}
			for kind, namespaces := range got {
				if !slices.Equal(slices.Compact(namespaces), []string{ns}) {
					t.Errorf("%s is in %q, want %q", kind, namespaces, ns)
				}
			}
		}
	}
}

// TestOddOverrides checks the same for names in values.
func TestOddOverrides(t *testing.T) {
	for _, name := range odd {
		rendered := helm(t, "v4").must("template", "r", chart, "--set-string",
			"fullnameOverride="+name+",nameOverride="+name+",serviceAccount.name="+name)
		for _, object := range decode(t, rendered) {
			m, err := meta.Accessor(object)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(m.GetName(), "default:"); got != name {
				t.Errorf("%s is called %q, want %q", object.GetObjectKind().GroupVersionKind().Kind, got, name)
			}
		}
	}
}

// TestEgressPort checks that the port is parsed from the endpoint as a URL.
func TestEgressPort(t *testing.T) {
	for endpoint, want := range map[string][]int32{
		"http://collector:4317":       {4317},
		"https://a.example":           {443},
		"http://a.example":            {80},
		"https://a.example/otlp:8080": {443},
		"http://h:4318?x=1":           {4318},
		"http://[::1]:4318/":          {4318},
		"https://[::1]":               {443},
		"collector:4317":              {4317},
		"unix:///run/otel.sock:4317":  nil,
		"":                            nil,
	} {
		t.Run(endpoint, func(t *testing.T) {
			rendered := helm(t, "v4").must("template", "r", chart, "--set",
				"networkPolicy.egress.enabled=true,config.otlp.endpoint="+endpoint)
			var got []int32
			for _, rule := range find[*networkingv1.NetworkPolicy](t, rendered).Spec.Egress {
				if len(rule.Ports) == 0 {
					t.Error("a rule has no ports, which allows all")
				}
				for _, port := range rule.Ports {
					got = append(got, port.Port.IntVal)
				}
			}
			if diff := cmp.Diff(append([]int32{53, 53, 443, 6443}, want...), got); diff != "" {
				t.Errorf("ports that may be reached (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOwnVariables checks that extraEnv replaces variables of the chart.
func TestOwnVariables(t *testing.T) {
	rendered := helm(t, "v4").must("template", "r", chart, "--set", "otlp.tls.secretName=otlp,otlp.tls.key=tls.key",
		"--set",
		"extraEnv[0].name=GOMEMLIMIT,extraEnv[0].value=1GiB,"+
			"extraEnv[1].name=OTEL_EXPORTER_OTLP_CERTIFICATE,extraEnv[1].value=/ca")
	want := []corev1.EnvVar{
		{Name: "OTEL_EXPORTER_OTLP_CLIENT_KEY", Value: "/etc/pod-status-logger-tls/tls.key"},
		{Name: "GOMEMLIMIT", Value: "1GiB"},
		{Name: "OTEL_EXPORTER_OTLP_CERTIFICATE", Value: "/ca"},
	}
	if diff := cmp.Diff(want, podOf(t, rendered, "default").Spec.Containers[0].Env); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}

// TestTemporaryFolder checks that the pod has one only if a plugin is a process.
func TestTemporaryFolder(t *testing.T) {
	const isolated = `config.plugins=[{"name":"bundle","builtin":"bundle","isolate":true}]`
	for name, c := range map[string]struct {
		args []string
		want bool
	}{
		"default":         {nil, false},
		"no plugins":      {[]string{"--set-json", "config.plugins=[]"}, false},
		"built in":        {[]string{"--set-json", `config.plugins=[{"name":"bundle","builtin":"bundle"}]`}, false},
		"isolated":        {[]string{"--set-json", isolated}, true},
		"plugin images":   {[]string{"--values", chart + "/ci/plugins-values.yaml", "--kube-version", "1.37"}, true},
		"as a deployment": {[]string{"--set", "mode=deployment", "--set-json", isolated}, true},
	} {
		t.Run(name, func(t *testing.T) {
			pod := podOf(t, helm(t, "v4").must(append([]string{"template", "r", chart}, c.args...)...), "default")
			mounts := slices.ContainsFunc(pod.Spec.Containers[0].VolumeMounts,
				func(m corev1.VolumeMount) bool { return m.MountPath == "/tmp" })
			volumes := slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == "tmp" })
			if mounts != c.want || volumes != c.want {
				t.Errorf("mounted: %v, a volume: %v, want %v", mounts, volumes, c.want)
			}
		})
	}
}

// TestToken checks that the program has the account's token, and images of plugins don't.
func TestToken(t *testing.T) {
	const folder = "/var/run/secrets/kubernetes.io/serviceaccount"
	pod := podOf(t,
		helm(t, "v4").must("template", "r", chart, "--values", chart+"/ci/plugins-values.yaml", "--kube-version", "1.37"),
		"default")
	has := func(c corev1.Container) bool {
		return slices.ContainsFunc(c.VolumeMounts,
			func(m corev1.VolumeMount) bool { return strings.HasPrefix(m.MountPath, "/var/run/secrets") })
	}
	if mount := *pod.Spec.AutomountServiceAccountToken; mount || len(pod.Spec.InitContainers) == 0 ||
		slices.ContainsFunc(pod.Spec.InitContainers, has) {
		t.Errorf("init containers have the token (automount: %v), or there are none", mount)
	}
	if !slices.ContainsFunc(pod.Spec.Containers[0].VolumeMounts,
		func(m corev1.VolumeMount) bool { return m.MountPath == folder && m.ReadOnly }) {
		t.Errorf("the program has no token in %s", folder)
	}
}

// find returns the only object of a type in Helm's output.
func find[T any](t *testing.T, rendered string) T {
	t.Helper()
	for _, object := range decode(t, rendered) {
		if found, ok := object.(T); ok {
			return found
		}
	}
	t.Fatalf("there is none in\n%s", rendered)
	panic("not reached")
}
