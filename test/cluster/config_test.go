package main

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// kwok accepts a stage with a misspelt field, and never applies it.
func TestKwokConfiguration(t *testing.T) {
	config, err := kwokConfiguration()
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(config), 4096)
	names := map[string]bool{}
	for {
		var doc struct {
			Kind     string
			Metadata struct{ Name string }
			Spec     struct {
				ResourceRef struct{ Kind string }
				Selector    map[string]any
				Next        map[string]any
				Steps       []any
			}
		}
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if doc.Kind != "Stage" {
			continue
		}
		if names[doc.Metadata.Name] {
			t.Errorf("stage %q is a duplicate", doc.Metadata.Name)
		}
		names[doc.Metadata.Name] = true
		if len(doc.Spec.Selector) == 0 || len(doc.Spec.Next)+len(doc.Spec.Steps) == 0 || doc.Spec.ResourceRef.Kind == "" {
			t.Errorf("stage %q selects nothing or does nothing", doc.Metadata.Name)
		}
	}
	for _, want := range []string{
		"node-initialize", "node-heartbeat", "pod-run", "pod-complete", "pod-delete", "crash-loop-back-off",
	} {
		if !names[want] {
			t.Errorf("stage %q is missing", want)
		}
	}
}

func TestVersionFlags(t *testing.T) {
	got, err := versionFlags("v1.37.2")
	if err != nil {
		t.Fatal(err)
	}
	const p = "-X k8s.io/component-base/version."
	if want := "-s -w " + p + "gitVersion=v1.37.2 " + p + "gitMajor=1 " + p + "gitMinor=37"; got != want {
		t.Errorf("have %q, want %q", got, want)
	}
	if _, err := versionFlags("master"); err == nil {
		t.Error("want an error for a version without numbers")
	}
}
