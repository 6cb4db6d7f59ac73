// Package scaffold writes the files of a new plugin: a working one, with its test, an image and
// instructions.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/plugins/examples/node"
	"github.com/pod-status-logger/pod-status-logger/plugins/examples/python"
)

//go:embed templates
var templates embed.FS

const module = "github.com/pod-status-logger/pod-status-logger"

// Plugin is a plugin to write.
type Plugin struct {
	Name     string
	Language string // one of [Languages]
	Version  string // of the program, for images that contain it
	// Clone is the folder of a clone of this repository, from which a plugin in Go is built;
	// empty: the published module.
	Clone string
}

// Languages returns the languages of plugins.
func Languages() []string { return []string{"go", "python", "node"} }

// Write writes the files of a plugin into a folder, which must be empty or not exist, and
// returns their names.
func (p Plugin) Write(folder string) (names []string, err error) {
	if !slices.Contains(Languages(), p.Language) {
		return nil, fmt.Errorf("%q is not one of %s", p.Language, strings.Join(Languages(), ", "))
	}
	if there, err := os.ReadDir(folder); len(there) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, fmt.Errorf("the folder %s is not empty", folder))
	}
	own, err := fs.Sub(templates, path.Join("templates", p.Language))
	if err != nil {
		return nil, err
	}
	for _, files := range append([]fs.FS{own}, p.helpers()...) {
		some, err := p.writeAll(folder, files)
		names = append(names, some...)
		if err != nil {
			return names, err
		}
	}
	slices.Sort(names)
	return names, nil
}

// helpers returns the files that are copied as they are.
func (p Plugin) helpers() []fs.FS {
	switch p.Language {
	case "python":
		return []fs.FS{python.Files}
	case "node":
		return []fs.FS{node.Files}
	}
	return nil
}

func (p Plugin) writeAll(folder string, files fs.FS) (names []string, err error) {
	return names, fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, file)
		if err != nil {
			return err
		}
		name := nameOf(file)
		names = append(names, name)
		return write(filepath.Join(folder, filepath.FromSlash(name)), p.fillIn(name, string(text)))
	})
}

// nameOf returns the name of the file of a template. Files with their own names would be
// files of this repository for Go and Git.
func nameOf(template string) string {
	if template == "gitignore.tmpl" {
		return ".gitignore"
	}
	return strings.TrimSuffix(template, ".tmpl")
}

func (p Plugin) fillIn(name, text string) string {
	get := "Add the module of pod-status-logger first: `go get " + module + "@latest`."
	if p.Clone != "" {
		get = "`go.mod` names the clone of pod-status-logger to build with."
		if name == "go.mod" {
			text += "\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + p.Clone + "\n"
		}
	}
	return strings.NewReplacer("{{name}}", p.Name, "{{version}}", p.Version, "{{get}}", get).Replace(text)
}

// write writes a file. Scripts are executable.
func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil { //nolint:gosec // the umask of the user decides
		return err
	}
	mode := fs.FileMode(0o666)
	if strings.HasPrefix(text, "#!") {
		mode = 0o777
	}
	return os.WriteFile(path, []byte(text), mode)
}
