package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestImage(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"root/bin/sh", "tool"} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("sh", filepath.Join(dir, "root/bin/ls")); err != nil {
		t.Fatal(err)
	}
	root, tool := filepath.Join(dir, "root"), filepath.Join(dir, "tool")
	files, err := imageFiles([]string{root + "=/", tool + "=/usr/bin/tool"})
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "a.tar")
	img := image{Name: "a:1", User: "1:2", Entrypoint: []string{"/bin/sh"}, Files: files}
	if err := writeImage(archive, img); err != nil {
		t.Fatal(err)
	}
	content := untar(t, archive)
	layer := filepath.Join(dir, "layer.tar")
	if err := os.WriteFile(layer, content["layer.tar"], 0o600); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range untar(t, layer) {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"bin/", "bin/ls", "bin/sh", "usr/", "usr/bin/", "usr/bin/tool"}; !slices.Equal(names, want) {
		t.Errorf("layer: %q, want %q", names, want)
	}
	var config struct {
		Config struct{ User string }
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(content["config.json"], &config); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content["layer.tar"])
	id := "sha256:" + hex.EncodeToString(sum[:])
	if config.Config.User != "1:2" || !slices.Equal(config.RootFS.DiffIDs, []string{id}) {
		t.Errorf("configuration: %s, want the layer %s", content["config.json"], id)
	}
	if _, err := imageFiles([]string{"tool"}); err == nil {
		t.Error("a file without its place in the image was taken")
	}
}

func untar(t *testing.T, file string) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(text)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if all[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
