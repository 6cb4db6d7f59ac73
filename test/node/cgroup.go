package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const cgroups = "/sys/fs/cgroup"

// cgroup is the name of the cluster's own control group, below which the kubelet
// puts its pods.
func (f folder) cgroup() string {
	sum := sha256.Sum256([]byte(f))
	return "/pod-status-node-" + hex.EncodeToString(sum[:4])
}

// hierarchies returns the roots of the control group hierarchies: one on version
// 2, one for each controller on version 1.
func hierarchies() ([]string, error) {
	if _, err := os.Stat(filepath.Join(cgroups, "cgroup.controllers")); err == nil {
		return []string{cgroups}, nil
	}
	return filepath.Glob(filepath.Join(cgroups, "*", ""))
}

// makeCgroup makes the cluster's control group.
func (f folder) makeCgroup() error {
	roots, err := hierarchies()
	if err != nil {
		return fmt.Errorf("make control group: %w", err)
	}
	for _, root := range roots {
		if info, err := os.Stat(root); err != nil || !info.IsDir() {
			continue
		}
		if err := makeGroup(root, filepath.Join(root, f.cgroup())); err != nil {
			return fmt.Errorf("make control group: %w", err)
		}
	}
	return nil
}

func makeGroup(root, group string) error {
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	// Version 1: a new group has no CPUs and no memory nodes until it is given some.
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(group, file), text, 0o644); err != nil {
			return err
		}
	}
	// Version 2: controllers have to be switched on for the groups below.
	if root != cgroups {
		return nil
	}
	controllers, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for controller := range strings.FieldsSeq(string(controllers)) {
		// Some can't be switched on while the root group has processes.
		_ = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
	}
	return nil
}

// removeCgroup removes the control group once the processes in it have ended.
func (f folder) removeCgroup(ctx context.Context) error {
	roots, err := hierarchies()
	if err != nil {
		return fmt.Errorf("remove control group: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	for _, root := range roots {
		group := filepath.Join(root, f.cgroup())
		for {
			err := removeGroups(group)
			if err == nil {
				break
			}
			// The kernel keeps a group busy for a moment after its last process has ended.
			if pause(ctx, 50*time.Millisecond) != nil {
				return fmt.Errorf("remove control group: %w", err)
			}
		}
	}
	return nil
}

// removeGroups removes a group and all below it, the deepest first.
func removeGroups(group string) error {
	var groups []string
	err := filepath.WalkDir(group, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.IsDir() {
			groups = append(groups, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, g := range slices.Backward(groups) {
		if err := os.Remove(g); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
