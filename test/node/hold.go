package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/pod-status-logger/pod-status-logger/test/node/namespace"
)

// The holder is the first process in the node's namespaces. With it end all
// processes in them, and the mounts, interfaces and addresses of the node.
const holderName = "holder"

// apiAddress is the address of the Service kubernetes. The API server listens on
// it, so that pods reach it without kube-proxy.
const apiAddress = "10.96.0.1"

// holder returns the process id of the holder.
func (f folder) holder() (int, error) {
	process, err := f.running(holderName)
	if err != nil {
		return 0, err
	}
	if process == nil {
		return 0, fmt.Errorf("find the node in %s: it is not up", f)
	}
	return process.Pid, nil
}

// inside calls do in the node's namespaces.
func (f folder) inside(do func() error) error {
	pid, err := f.holder()
	if err != nil {
		return err
	}
	return namespace.Run(pid, do)
}

func newHoldCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:    "hold",
		Short:  "Hold the namespaces of a node (started by up)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return hold(dir)
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}

// startHolder starts the holder and waits until its namespaces are furnished.
func (f folder) startHolder() error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start holder: %w", err)
	}
	ready, report, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start holder: %w", err)
	}
	defer func() { _ = ready.Close() }()
	cmd := exec.Command(program, "hold", "--dir", string(f))
	cmd.Dir = string(f)
	cmd.ExtraFiles = []*os.File{report}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: syscall.CLONE_NEWPID,
		// Unshared rather than cloned, because Go then also makes the mounts private.
		Unshareflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
	}
	if err := f.startDetached(holderName, cmd, cmd.Start); err != nil {
		return errors.Join(err, report.Close())
	}
	_ = report.Close()
	message, err := io.ReadAll(ready)
	if err != nil {
		return fmt.Errorf("start holder: %w", err)
	}
	if string(message) != "ready" {
		return fmt.Errorf("start holder: %s\n%s", message, tail(f.log(holderName), 20))
	}
	return nil
}

// hold furnishes the namespaces, reports to its parent, and reaps the processes
// that containers leave behind.
func hold(dir string) error {
	f, err := openFolder(dir)
	if err != nil {
		return err
	}
	const parent = 3 // the first of ExtraFiles
	report := os.NewFile(parent, "report")
	children := make(chan os.Signal, 64)
	if err := f.furnish(); err != nil {
		_, _ = fmt.Fprint(report, err)
		return err
	}
	signal.Notify(children, syscall.SIGCHLD)
	if _, err := fmt.Fprint(report, "ready"); err != nil {
		return fmt.Errorf("report to up: %w", err)
	}
	if err := report.Close(); err != nil {
		return fmt.Errorf("report to up: %w", err)
	}
	for range children {
		for {
			pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if pid <= 0 && !errors.Is(err, syscall.EINTR) {
				break
			}
		}
	}
	return nil
}

// hiddenFolders are folders of the machine that the node does not see.
func hiddenFolders() []string { return []string{"/run", "/var/log", "/var/lib", "/proc"} }

// furnish sets up mounts and network.
func (f folder) furnish() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	for from, to := range map[string]string{"var-log": "/var/log", "var-lib": "/var/lib"} {
		if err := bind(f.join(from), to); err != nil {
			return err
		}
	}
	if err := f.replaceResolver(); err != nil {
		return err
	}
	if err := f.shield(); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"addr", "add", apiAddress + "/32", "dev", "lo"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %w: %s", args, err, out)
		}
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o600)
}

// replaceResolver gives containerd the name server of pods, so that its messages about
// images that can't be pulled are the same on every machine.
func (f folder) replaceResolver() error {
	const file = "/etc/resolv.conf"
	target, err := os.Readlink(file)
	if err == nil && !filepath.IsAbs(target) {
		target = filepath.Join("/etc", target)
	}
	// The node's own /run is still empty.
	if strings.HasPrefix(target, "/run/") {
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return fmt.Errorf("replace %s: %w", file, err)
		}
		if err := os.WriteFile(target, nil, 0o644); err != nil {
			return fmt.Errorf("replace %s: %w", file, err)
		}
	}
	return bind(f.join("resolv.conf"), file)
}

// shield hides the kernel parameters that the kubelet would set for the whole
// machine behind files that already have the values it wants.
func (f folder) shield() error {
	for parameter, value := range map[string]string{
		"vm/overcommit_memory":      "1",
		"vm/panic_on_oom":           "0",
		"kernel/panic":              "10",
		"kernel/panic_on_oops":      "1",
		"kernel/keys/root_maxkeys":  "1000000",
		"kernel/keys/root_maxbytes": "25000000",
	} {
		file := f.join("shield", parameter)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("shield kernel parameters: %w", err)
		}
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return fmt.Errorf("shield kernel parameters: %w", err)
		}
		if err := bind(file, filepath.Join("/proc/sys", parameter)); err != nil {
			return err
		}
	}
	return nil
}

func bind(from, to string) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s on %s: %w", from, to, err)
	}
	return nil
}
