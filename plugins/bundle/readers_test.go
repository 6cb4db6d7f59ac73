package bundle

import (
	"strings"
	"testing"
)

func TestVersionOfChart(t *testing.T) {
	for label, want := range map[string]string{
		"shop-1.2.3":                  "1.2.3",
		"shop-v1.2.3":                 "v1.2.3",
		"my-shop-2-1.2.3":             "1.2.3",
		"shop-1.2.3-rc.1":             "1.2.3-rc.1",
		"shop-1.2.3-4.5.6":            "1.2.3-4.5.6",
		"shop-1.2.3_61368705":         "1.2.3+61368705",
		"cert-manager-v1.14.0":        "v1.14.0",
		"k8s-dashboard-10.1":          "10.1",
		"shop":                        "",
		"shop-2":                      "",
		"shop-":                       "",
		"shop-1.":                     "",
		"shop-v":                      "",
		"-1.2.3":                      "",
		"":                            "",
		strings.Repeat("-", maxValue): "",
	} {
		if got := versionOfChart(label); got != want {
			t.Errorf("%s: got %q, want %q", label, got, want)
		}
	}
}

func TestSplitCSV(t *testing.T) {
	for name, want := range map[string][2]string{
		"etcdoperator.v0.9.4":         {"etcdoperator", "0.9.4"},
		"3scale-operator.v0.11.8-mas": {"3scale-operator", "0.11.8-mas"},
		"amq.online.1.7.0":            {"amq.online", "1.7.0"},
		"packageserver":               {"packageserver", ""},
		"op.vnext":                    {"op.vnext", ""},
		"op.":                         {"op.", ""},
		"op.v":                        {"op.v", ""},
		".v1":                         {".v1", ""},
	} {
		if operator, version := splitCSV(name); [2]string{operator, version} != want {
			t.Errorf("%s: got %q, %q, want %q", name, operator, version, want)
		}
	}
}

func FuzzParseTrackingID(f *testing.F) {
	for _, seed := range []string{
		"shop:apps/Deployment:shop/web", "ns_shop:/Pod:shop/web-0", "a:b/c:d/e:f", "::", ":/:/", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := parseTrackingID(s)
		if !ok {
			return
		}
		if back := id.app + ":" + id.group + "/" + id.kind + ":" + id.namespace + "/" + id.name; back != s {
			t.Errorf("%q was read as %q", s, back)
		}
		if id.app == "" || id.kind == "" || id.name == "" || strings.Contains(id.app+id.name, "/") {
			t.Errorf("%q was read as %+v", s, id)
		}
		if c := application(id.app); (c.id == "") != (c.name == "") {
			t.Errorf("%q: %+v", s, c)
		}
	})
}
