// Command bench measures pod-status-logger side by side with what one would use instead, and
// with the theoretical limit, and reports whether it reaches its aims. See docs/performance.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pod-status-logger/pod-status-logger/bench/measure"
	"github.com/pod-status-logger/pod-status-logger/bench/report"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, measure.Run))
}

// runner makes the trials of a plan.
type runner func(ctx context.Context, p measure.Plan, bin string, progress *log.Logger) (measure.Results, error)

// run returns the exit status: 1 where an aim is missed or nothing could be
// measured, 2 for bad flags.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, measured runner) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	bin := flags.String("bin", "bin", "folder of the programs")
	quick := flags.Bool("quick", false, "measure what aims are about, in three minutes")
	only := flags.String("only", "", "groups of trials, separated by commas: cost, latency, scale, burst")
	programs := flags.String("programs", "", "programs to measure, separated by commas, as "+names())
	profile := flags.String("profile", "", "file to write a CPU profile of pod-status-logger to, instead of measuring")
	page := flags.String("page", "", "page to write the tables to")
	images := flags.String("images", "", "folder to write plots to")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	plan, ok := planOf(*quick, *only, *programs)
	if !ok {
		_, _ = fmt.Fprintf(stderr,
			"-only=%s -programs=%s: use cost, latency, scale or burst, and these programs: %s\n", *only,
			*programs, names())
		return 2
	}
	progress := log.New(stderr, "", log.Ltime)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM) // its processes end with this one
	defer stop()
	if *profile != "" {
		if err := measure.Profile(ctx, *bin, *profile, profiled); err != nil {
			progress.Print(err)
			return 1
		}
		return 0
	}
	machine := report.Machine()
	if load := report.Load(); load > 1 {
		machine += fmt.Sprintf(", with a load of %.1f by other programs", load)
		progress.Print("the machine is busy: ratios may hold, times don't: " + machine)
	}
	results, err := measured(ctx, plan, *bin, progress)
	if err != nil {
		progress.Print(err)
		return 1
	}
	if err := write(results, machine, stdout, *page, *images); err != nil {
		progress.Print(err)
		return 1
	}
	if !report.Judge(stdout, results) {
		return 1
	}
	return 0
}

// planOf returns the plan of the flags. ok reports whether the flags name programs and groups that are measured.
func planOf(quick bool, only, programs string) (plan measure.Plan, ok bool) {
	plan = measure.Full()
	if quick {
		plan = measure.Quick()
	}
	if only != "" {
		var groups []measure.Group
		for name := range strings.SplitSeq(only, ",") {
			groups = append(groups, measure.Group(name))
		}
		plan = plan.Only(groups...)
	}
	var chosen []string
	if programs != "" {
		chosen = strings.Split(programs, ",")
		plan = plan.Of(chosen...)
	}
	measurable := plan.Programs()
	unknown := slices.ContainsFunc(chosen, func(name string) bool { return !slices.Contains(measurable, name) })
	return plan, len(measurable) > 0 && !unknown
}

// profiled is the length of a profile in seconds.
const profiled = 20

// names are those of all programs.
func names() string {
	var all []string
	for _, s := range measure.All() {
		all = append(all, s.Name)
	}
	return strings.Join(all, ", ")
}

func write(results measure.Results, machine string, stdout io.Writer, page, images string) error {
	text := fmt.Sprintf("Measured by `make bench` on %s,\non %s.\n\n%s", time.Now().UTC().Format(time.DateOnly), machine,
		report.Tables(results))
	if _, err := fmt.Fprintln(stdout, text); err != nil {
		return fmt.Errorf("write tables: %w", err)
	}
	if images != "" {
		if err := os.MkdirAll(images, 0o755); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		if err := report.Plots(images, results); err != nil {
			return err
		}
	}
	if page == "" {
		return nil
	}
	return report.Update(page, "\n"+text+"\n")
}
