package bundle

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const page = "../../docs/bundles.md"

func readPage(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestDetectorsPage checks that the table in docs/bundles.md matches the code.
func TestDetectorsPage(t *testing.T) {
	const head, tail = "| detector | keys | put on | `bundle.id` | version |\n|---|---|---|---|---|\n", "\n**"
	before, rest, ok := strings.Cut(readPage(t), head)
	have, after, ok2 := strings.Cut(rest, tail)
	if !ok || !ok2 {
		t.Fatal("docs/bundles.md has no table of detectors")
	}
	var want strings.Builder
	for _, d := range detectors {
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s | %s |\n", d.name, marksOf(d), d.where, d.id, versionsOf(d.versions))
	}
	if have == want.String() {
		return
	}
	if !*update {
		t.Fatal("the table in docs/bundles.md is not that of the code; go test ./plugins/bundle -run DetectorsPage -update " +
			"writes it")
	}
	if err := os.WriteFile(page, []byte(before+head+want.String()+tail+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

func marksOf(d detector) string {
	var marks []string
	for _, m := range d.marks {
		var beside []string
		for _, k := range m.beside {
			beside = append(beside, "`"+k.name+"`")
		}
		s := m.key.String()
		if beside != nil {
			s += " with " + strings.Join(beside, ", ")
		}
		marks = append(marks, s)
	}
	return strings.Join(marks, "; ")
}

func versionsOf(list []version) string {
	var keys []string
	for _, v := range list {
		keys = append(keys, v.key.String())
	}
	return strings.Join(keys, ", ")
}

func (k key) String() string {
	return map[place]string{label: "label", annotation: "annotation", anywhere: "label or annotation"}[k.in] + " `" +
		k.name + "`"
}

// TestPageNamesAll checks that the page names all attributes, configuration keys, and keys that
// all detectors share.
func TestPageNamesAll(t *testing.T) {
	text := readPage(t)
	words := []string{
		"keys", "detectors", "trace", "traceKeys", "otherNamespaces", "traceAnnotations", "protectedKeys",
		labelTemplateHash, labelRolloutHash, labelGroupHash, labelRevision,
	}
	for _, a := range []string{attrID, attrName, attrVersion, attrManager, attrSource, attrVerified} {
		words = append(words, name+"."+a)
	}
	for _, v := range versions {
		words = append(words, v.key.name)
	}
	for _, word := range append(words, traceKeys[:]...) {
		if !strings.Contains(text, "`"+word+"`") {
			t.Errorf("docs/bundles.md does not have %s", word)
		}
	}
}

// TestPageExamples checks that the configurations on the page are valid.
func TestPageExamples(t *testing.T) {
	examples := regexp.MustCompile("(?s)```yaml\n(plugins:.*?)```").FindAllStringSubmatch(readPage(t), -1)
	if len(examples) == 0 {
		t.Fatal("docs/bundles.md has no example")
	}
	for _, m := range examples {
		var example struct {
			Plugins []struct {
				Name   string `json:"name"`
				Config Config `json:"config"`
			} `json:"plugins"`
		}
		if err := yaml.Unmarshal([]byte(m[1]), &example); err != nil {
			t.Fatal(err)
		}
		for _, p := range example.Plugins {
			if err := p.Config.check(); err != nil || p.Name != name {
				t.Errorf("%s: %v", p.Name, err)
			}
		}
	}
}
