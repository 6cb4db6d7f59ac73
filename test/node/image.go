package main

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
)

// image is a container image made of local files.
type image struct {
	Name       string
	User       string
	Entrypoint []string
	Files      []imageFile
}

// imageFile is a file or folder and its place in the image.
type imageFile struct{ From, To string }

func newImageCommand() *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:   "image ARCHIVE NAME ENTRYPOINT FILE=PATH...",
		Short: "Make an image of local files and folders",
		Long: `Make an image of local files and folders, as an archive in Docker's format.
The node imports it with "node enter --dir DIR -- ctr images import --local ARCHIVE".`,
		Args: cobra.MinimumNArgs(4),
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := imageFiles(args[3:])
			if err != nil {
				return err
			}
			return writeImage(args[0], image{Name: args[1], User: user, Entrypoint: []string{args[2]}, Files: files})
		},
	}
	cmd.Flags().StringVar(&user, "user", "0:0", "UID:GID of the container's process")
	return cmd
}

func imageFiles(args []string) ([]imageFile, error) {
	files := make([]imageFile, 0, len(args))
	for _, arg := range args {
		from, to, ok := strings.Cut(arg, "=")
		if !ok || !strings.HasPrefix(to, "/") {
			return nil, fmt.Errorf("read argument %q: want FILE=PATH with an absolute PATH", arg)
		}
		files = append(files, imageFile{from, to})
	}
	return files, nil
}

// writeImage writes an archive with one layer, as docker save does.
func writeImage(archive string, img image) (err error) {
	const configFile, layerFile = "config.json", "layer.tar"
	layer, err := layerOf(img.Files)
	if err != nil {
		return fmt.Errorf("make image %s: %w", img.Name, err)
	}
	config, err := json.Marshal(img.config(layer))
	if err != nil {
		return fmt.Errorf("make image %s: %w", img.Name, err)
	}
	manifest, err := json.Marshal([]map[string]any{
		{"Config": configFile, "RepoTags": []string{img.Name}, "Layers": []string{layerFile}},
	})
	if err != nil {
		return fmt.Errorf("make image %s: %w", img.Name, err)
	}
	out, err := os.Create(archive)
	if err != nil {
		return fmt.Errorf("make image %s: %w", img.Name, err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := tar.NewWriter(out)
	err = errors.Join(
		writeFile(w, "manifest.json", manifest),
		writeFile(w, configFile, config),
		writeFile(w, layerFile, layer),
		w.Close(),
	)
	if err != nil {
		return fmt.Errorf("write %s: %w", archive, err)
	}
	return nil
}

func writeFile(w *tar.Writer, name string, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

// config is the image's configuration, which names its layer by checksum.
func (img image) config(layer []byte) map[string]any {
	sum := sha256.Sum256(layer)
	return map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config": map[string]any{
			"User": img.User, "Entrypoint": img.Entrypoint, "Env": []string{"PATH=/bin:/usr/bin"},
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum[:])}},
	}
}
