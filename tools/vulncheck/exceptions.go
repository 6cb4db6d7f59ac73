package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// exceptions are the lines of exceptions.txt: folder of a module, vulnerability or *, reason.
type exceptions []*exception

type exception struct {
	module, id, reason string
	used               bool
}

func readExceptions(root string) (exceptions, error) {
	path := filepath.Join(root, "tools/vulncheck/exceptions.txt")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var all exceptions
	for n, line := range strings.Split(string(data), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 3 {
			return nil, fmt.Errorf("%s:%d: want a module's folder, a vulnerability or *, and a reason", path, n+1)
		}
		all = append(all, &exception{module: fields[0], id: fields[1], reason: strings.Join(fields[2:], " ")})
	}
	return all, nil
}

func (all exceptions) has(module string, f finding) bool {
	for _, e := range all {
		if (e.module == "*" || e.module == module) && (e.id == "*" || e.id == f.id) {
			e.used = true
			return true
		}
	}
	return false
}

// unused returns an error for exceptions of the scanned modules that match nothing any more.
func (all exceptions) unused(modules []string) error {
	var errs []error
	for _, e := range all {
		if !e.used && slices.Contains(modules, e.module) {
			errs = append(errs, fmt.Errorf("exception %s %s matches nothing: remove it from exceptions.txt", e.module, e.id))
		}
	}
	return errors.Join(errs...)
}

// findModules returns the folders below root that have a go.mod.
func findModules(root string) ([]string, error) {
	var modules []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		if d.Name() != "go.mod" {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		modules = append(modules, filepath.ToSlash(rel))
		return err
	})
	return modules, err
}
