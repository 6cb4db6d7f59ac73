// Package faulty has plugins that go wrong in every way that plugins can, for
// tests of what hosts them. A test binary is such a plugin when it is started
// with [Args]:
//
//	func TestMain(m *testing.M) {
//		if faulty.Main() {
//			return
//		}
//		os.Exit(m.Run())
//	}
package faulty

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// Name is what all of them call themselves, but for the one with another name.
const Name = "faulty"

// command is the first argument of a process that is to be a plugin.
const command = "faulty-plugin"

// Args are the arguments for a plugin with a behaviour: one of the names in
// behaviours, below.
func Args(behaviour string) []string { return []string{command, behaviour} }

// Main runs the plugin that the arguments of the process name, if they do.
func Main() bool {
	if len(os.Args) < 3 || os.Args[1] != command {
		return false
	}
	run, ok := behaviours()[os.Args[2]]
	if !ok {
		panic("no behaviour " + os.Args[2])
	}
	run()
	return true
}

// behaviours are what happens instead of a good plugin's main.
func behaviours() map[string]func() {
	serve := func(e enricher.Enricher) func() { return func() { enricher.Serve(e) } }
	big := strings.Repeat("x", 1<<20)
	on := func(do func(r *enricher.Record, p *enricher.Patch) error) func() { return serve(faulty{do: do}) }
	return map[string]func(){
		"good":       on(nil),
		"configured": serve(configured{}),
		"suppresses": on(func(_ *enricher.Record, p *enricher.Patch) error { p.Suppress(); return nil }),
		"traced": on(func(_ *enricher.Record, p *enricher.Patch) error {
			p.SetTraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=x")
			return nil
		}),

		// It can't be started.
		"exits":           func() { fmt.Fprintln(os.Stderr, "no licence found"); os.Exit(3) },
		"babbles":         func() { fmt.Println("hello, world"); time.Sleep(time.Hour) },
		"silent":          func() { time.Sleep(time.Hour) },
		"another-version": func() { fmt.Println("1|99|unix|/nowhere|grpc|"); time.Sleep(time.Hour) },
		"net-rpc":         func() { fmt.Println("1|1|tcp|127.0.0.1:1|netrpc|"); time.Sleep(time.Hour) },
		"no-tls":          func() { _ = os.Unsetenv("PLUGIN_CLIENT_CERT"); enricher.Serve(faulty{}) },
		"another-name":    serve(faulty{name: "other"}),
		"bad-name":        serve(faulty{name: "k8s"}),

		// It ends.
		"crashes": on(func(*enricher.Record, *enricher.Patch) error { os.Exit(7); return nil }),
		"panics":  on(func(*enricher.Record, *enricher.Patch) error { panic("out of cheese") }),

		// It does not answer, or not in time.
		"hangs": on(func(*enricher.Record, *enricher.Patch) error { select {} }),
		"stops": on(func(*enricher.Record, *enricher.Patch) error { return syscall.Kill(os.Getpid(), syscall.SIGSTOP) }),
		"late": on(func(r *enricher.Record, p *enricher.Patch) error {
			time.Sleep(10 * time.Millisecond)
			return good(r, p)
		}),
		"ignores-the-end": serve(stubborn{}),
		"has-children":    func() { haveChild(nil); enricher.Serve(faulty{}) },
		"has-escaped-children": func() { // out of its process group, with its pipes
			haveChild(&syscall.SysProcAttr{Setsid: true})
			enricher.Serve(stubborn{})
		},
		"leaves-its-group": func() {
			child := haveChild(&syscall.SysProcAttr{Setpgid: true})
			if err := syscall.Setpgid(0, child); err != nil {
				panic(err)
			}
			enricher.Serve(stubborn{})
		},
		"elsewhere":         func() { fmt.Println("1|1|tcp|10.255.255.1:80|grpc|"); time.Sleep(time.Hour) },
		"plain-certificate": func() { fmt.Println("1|1|tcp|127.0.0.1:1|grpc|" + strings.Repeat("A", 100)); time.Sleep(time.Hour) },

		// It answers nonsense.
		"few":     wrongCount(-1),
		"many":    wrongCount(+1),
		"fails":   wrongCount(0),
		"garbage": on(func(_ *enricher.Record, p *enricher.Patch) error { p.SetString("NO SUCH\nKEY", "x"); return nil }),
		"bloated": on(func(_ *enricher.Record, p *enricher.Patch) error {
			p.SetString("big", big)
			return nil
		}),

		// It does more than it should.
		"floods": func() { go flood(); enricher.Serve(faulty{}) },
		"leaks":  on(leak()),
		"talks": func() {
			fmt.Fprintln(os.Stderr, `{"@message":5,"@level":{},"@timestamp":[]}`)
			fmt.Fprintln(os.Stderr, `{"@message":"structured","@level":"warn","file":"teams.yaml"}`)
			fmt.Fprintln(os.Stderr, "bad UTF-8: \xff")
			fmt.Fprintln(os.Stderr, strings.Repeat("long ", 10_000))
			enricher.Serve(&talker{})
		},
	}
}

// faulty says of each record which pod it is about, unless it does something else.
type faulty struct {
	name string
	do   func(r *enricher.Record, p *enricher.Patch) error
}

func (f faulty) Describe() enricher.Description {
	if f.name == "" {
		f.name = Name
	}
	return enricher.Description{Name: f.name, Version: "1.2.3"}
}

func (f faulty) Enrich(_ context.Context, r *enricher.Record, p *enricher.Patch) error {
	if f.do == nil {
		return good(r, p)
	}
	return f.do(r, p)
}

func good(r *enricher.Record, p *enricher.Patch) error {
	p.SetString("pod", r.GetPod().GetName())
	return nil
}
