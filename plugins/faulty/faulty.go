// Package faulty has plugins that fail in every way that plugins can, for tests of
// their hosts. A test binary is such a plugin when it is started with [Args]:
//
//	func TestMain(m *testing.M) {
//		if faulty.Main() {
//			return
//		}
//		os.Exit(m.Run())
//	}
package faulty

import (
	"log/slog"
	"os"

	"github.com/hashicorp/go-plugin"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// Name is the name of all plugins except the one with another name.
const Name = "faulty"

// command is the first argument of a process that is to be a plugin.
const command = "faulty-plugin"

// Args returns the arguments for a plugin with a behaviour, a key of enrichers,
// services or programs, and with further arguments, if it wants some.
func Args(behaviour string, more ...string) []string {
	return append([]string{command, behaviour}, more...)
}

// Main runs the plugin that the arguments of the process name, and reports whether
// they name one.
func Main() bool {
	if len(os.Args) < 3 || os.Args[1] != command {
		return false
	}
	behaviour := os.Args[2]
	if e, ok := enrichers()[behaviour]; ok {
		enricher.Serve(e)
		return true
	}
	if f, ok := services()[behaviour]; ok {
		newFaulty(f).serve()
		return true
	}
	run, ok := programs()[behaviour]
	if !ok {
		panic("no behaviour " + behaviour)
	}
	run()
	return true
}

// InProcess returns a function that creates a plugin with a behaviour in this process: a key of
// enrichers or services.
func InProcess(behaviour string) func(*slog.Logger) plugin.GRPCPlugin {
	return func(log *slog.Logger) plugin.GRPCPlugin {
		if e, ok := enrichers()[behaviour]; ok {
			return enricher.InProcess(func() enricher.Enricher { return e })(log)
		}
		f, ok := services()[behaviour]
		if !ok {
			panic("no behaviour " + behaviour + " within a process")
		}
		return &servicePlugin{service: newFaulty(f)}
	}
}

func newFaulty(f fault) *service {
	s := newService()
	f.apply(s)
	return s
}
