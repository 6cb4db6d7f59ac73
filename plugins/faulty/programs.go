package faulty

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// programs are plugins that fail as a process.
func programs() map[string]func() {
	all := map[string]func(){
		// It does not start.
		"exits":             func() { fmt.Fprintln(os.Stderr, "no licence found"); os.Exit(3) },
		"babbles":           prints("hello, world"),
		"silent":            func() { time.Sleep(time.Hour) },
		"another-version":   prints("1|99|unix|/nowhere|grpc|"),
		"net-rpc":           prints("1|1|tcp|127.0.0.1:1|netrpc|"),
		"no-tls":            func() { _ = os.Unsetenv("PLUGIN_CLIENT_CERT"); enricher.Serve(faulty{}) },
		"elsewhere":         prints("1|1|tcp|10.255.255.1:80|grpc|"),
		"plain-certificate": prints("1|1|tcp|127.0.0.1:1|grpc|" + strings.Repeat("A", 100)),

		// It leaves something behind.
		keepsALock:     keepLock,
		"has-children": func() { haveChild(nil); enricher.Serve(faulty{}) },
		"has-escaped-children": func() { // out of its process group, with its pipes
			haveChild(&syscall.SysProcAttr{Setsid: true})
			enricher.Serve(enrichers()["ignores-the-end"])
		},
		"leaves-its-group": func() {
			child := haveChild(&syscall.SysProcAttr{Setpgid: true})
			if err := syscall.Setpgid(0, child); err != nil {
				panic(err)
			}
			enricher.Serve(enrichers()["ignores-the-end"])
		},

		// It prints too much, or to the wrong place.
		"floods": func() { go flood(); enricher.Serve(faulty{}) },
		"prints": func() {
			fmt.Fprintln(os.Stderr, `{"@message":5,"@level":{},"@timestamp":[]}`)
			fmt.Fprintln(os.Stderr, `{"@message":"structured","@level":"warn","file":"teams.yaml"}`)
			fmt.Fprintln(os.Stderr, "bad UTF-8: \xff")
			fmt.Fprintln(os.Stderr, strings.Repeat("long ", 10_000))
			enricher.Serve(&printer{})
		},
	}
	maps.Copy(all, hostile())
	return all
}

// keepsALock is a plugin that does not start if the file that its argument names is
// there, which it leaves behind when it is killed.
const keepsALock = "keeps-a-lock"

func keepLock() {
	lock, err := os.OpenFile(os.Args[3], os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		panic(err)
	}
	newService().serve()
	_ = os.Remove(lock.Name())
}

// prints prints a line where the handshake belongs, and sleeps.
func prints(line string) func() {
	return func() { fmt.Println(line); time.Sleep(time.Hour) }
}

// haveChild starts a process that sleeps for a minute, and returns its number.
func haveChild(attributes *syscall.SysProcAttr) int {
	child := exec.Command("/bin/sleep", "60") //nolint:noctx // to outlive this process
	child.Stdout, child.Stderr, child.SysProcAttr = os.Stdout, os.Stderr, attributes
	if err := child.Start(); err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "child", child.Process.Pid)
	return child.Process.Pid
}

// flood prints as fast as it is read.
func flood() {
	for i := 0; ; i++ {
		fmt.Fprintln(os.Stderr, "flood", i)
	}
}

// printer logs each record, and prints where it should not.
type printer struct{ logger }

func (t *printer) Enrich(ctx context.Context, r *enricher.Record, p *enricher.Patch) error {
	fmt.Println("printed on stdout")
	fmt.Fprintln(os.Stderr, "printed on stderr")
	return t.logger.Enrich(ctx, r, p)
}
