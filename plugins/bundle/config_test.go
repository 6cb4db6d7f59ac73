package bundle

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

func TestBadConfig(t *testing.T) {
	const all = "helm, argocd, flux, fleet, kapp, olm, argo-rollouts, keptn, kubevela, werf, app"
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ config, want string }{
		{`{"detectors":["helm","hlem"]}`, `detectors[1]: "hlem" is not one of ` + all},
		{`{"detectors":["custom"]}`, `detectors[0]: "custom" is not one of ` + all},
		{`{"detectors":["helm","flux","helm"]}`, `detectors[2]: "helm" is a duplicate`},
		{
			`{"keys":["app name"]}`,
			`keys[0]: "app name" is not a valid label or annotation key; use one such as app or example.com/app`,
		},
		{`{"keys":[""]}`, `keys[0]: "" is not a valid label or annotation key; use one such as app or example.com/app`},
		{
			`{"keys":["` + long + `"]}`,
			`keys[0]: "` + long + `" is not a valid label or annotation key; use one such as app or example.com/app`,
		},
		{`{"keys":["a","b","a"]}`, `keys[2]: "a" is a duplicate`},
		{
			`{"traceKeys":["a","/b"]}`,
			`traceKeys[1]: "/b" is not a valid annotation key; use one such as app or example.com/app`,
		},
		{
			`{"keys":["a b"],"detectors":["x"]}`,
			"keys[0]: \"a b\" is not a valid label or annotation key; use one such as app or example.com/app\n" +
				"detectors[0]: \"x\" is not one of " + all,
		},
		{
			`{"key":["a"]}`,
			`unknown key key (known keys: keys, detectors, trace, traceKeys, otherNamespaces, traceAnnotations, protectedKeys)`,
		},
		{`{"otherNamespaces":"deny"}`, `otherNamespaces: "deny" is not one of accept, refuse`},
		{`{"traceAnnotations":"no"}`, `traceAnnotations: "no" is not one of accept, refuse`},
		{`{"protectedKeys":["a b"]}`, `protectedKeys[0]: "a b" is not a valid label or annotation key; use one such as app or example.com/app`},
		{`{"keys":"a"}`, `keys: want a list such as [a, b], got string`},
		{`{"trace":"yes"}`, `trace: want true or false, got string`},
	} {
		err := New("test").(enricher.Configurer).Configure([]byte(c.config))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.config, err, c.want)
		}
	}
}

func TestGoodConfig(t *testing.T) {
	all := append([]string{"custom"}, detectorNames()...)
	for _, c := range []struct {
		config    string
		detectors []string
		trace     bool
	}{
		{`{}`, all, true},
		{`{"keys":null,"detectors":null,"trace":null}`, all, true},
		{
			`{"keys":["bundle"],"detectors":["helm","argocd","flux"],"trace":true}`,
			[]string{"custom", "helm", "argocd", "flux"},
			true,
		},
		{`{"detectors":["app","helm"]}`, []string{"custom", "app", "helm"}, true},
		{`{"detectors":[]}`, []string{"custom"}, true},
		{`{"keys":[],"detectors":["olm"]}`, []string{"olm"}, true},
		{`{"keys":[],"detectors":[],"trace":false}`, nil, false},
		{`{"keys":["Example.com/app"],"detectors":[]}`, []string{"custom"}, true},
	} {
		p := configured(t, c.config)
		var got []string
		for _, d := range p.finder.detectors {
			got = append(got, d.name)
		}
		if diff := cmp.Diff(c.detectors, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.config, diff)
		}
		if trace := p.finder.traceKeys != nil; trace != c.trace {
			t.Errorf("%s: trace contexts: %t", c.config, trace)
		}
	}
}

// The plugin needs only data that it uses.
func TestNeeds(t *testing.T) {
	revisions := []string{
		"controller-revision-hash", "leaderworkerset.sigs.k8s.io/template-revision-hash", "pod-template-hash",
		"rollouts-pod-template-hash",
	}
	common := []string{"app.kubernetes.io/version", "helm.sh/chart"}
	with := func(list []string, more ...string) []string {
		return slices.Sorted(slices.Values(slices.Concat(list, more)))
	}
	for _, c := range []struct {
		config                      string
		labels, annotations         []string
		ownerLabels, ownerAnnotated []string
	}{
		{
			`{"keys":[],"detectors":[],"trace":false}`,
			revisions,
			[]string{},
			nil, nil,
		},
		{
			`{"keys":[],"detectors":["helm"],"trace":false}`,
			with(revisions, common...),
			[]string{"meta.helm.sh/release-name", "meta.helm.sh/release-namespace"},
			common,
			[]string{"meta.helm.sh/release-name", "meta.helm.sh/release-namespace"},
		},
		{
			// The Rollout's name is derived from the owner's, which is always available.
			`{"keys":[],"detectors":["argo-rollouts"],"trace":false}`,
			with(revisions, common...),
			[]string{},
			common,
			[]string{},
		},
		{
			`{"keys":["bundle"],"detectors":[],"trace":false}`,
			with(revisions, with(common, "bundle", "bundle-version")...),
			[]string{"bundle", "bundle-version"},
			with(common, "bundle", "bundle-version"),
			[]string{"bundle", "bundle-version"},
		},
		{
			`{"keys":[],"detectors":[],"traceKeys":["example.com/trace"]}`,
			revisions, with(traceKeys[:], "example.com/trace"),
			[]string{},
			with(traceKeys[:], "example.com/trace"),
		},
	} {
		p := configured(t, c.config)
		ownerLabels, ownerAnnotations := p.NeedsOwners()
		got := [][]string{p.NeedsLabels(), p.NeedsAnnotations(), ownerLabels, ownerAnnotations}
		want := [][]string{c.labels, c.annotations, c.ownerLabels, c.ownerAnnotated}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.config, diff)
		}
	}
}

// A version key that exceeds the length of a key is ignored.
func TestLongKeyHasNoVersion(t *testing.T) {
	key := strings.Repeat("a", 60)
	p := configured(t, `{"keys":["`+key+`"],"detectors":[]}`)
	if labels := p.NeedsLabels(); !slices.Contains(labels, key) || slices.Contains(labels, key+"-version") {
		t.Errorf("needs %q", labels)
	}
}

// The configuration of one plugin doesn't affect another one.
func TestConfigurationsAreApart(t *testing.T) {
	configured(t, `{"keys":["x"],"detectors":["olm","helm"]}`)
	if labels := configured(t, `{}`).NeedsLabels(); slices.Contains(labels, "x-version") {
		t.Errorf("needs %q", labels)
	}
}

func configured(t *testing.T, config string) *plugin {
	t.Helper()
	p := New("test").(*plugin)
	if err := p.Configure([]byte(config)); err != nil {
		t.Fatalf("%s: %v", config, err)
	}
	return p
}
