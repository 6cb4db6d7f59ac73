package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/page"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/perfetto"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/term"
)

// timelineFlags are the flags of timeline.
type timelineFlags struct {
	filter       timeline.Filter
	since, until string
	output       string
	width        int
	noColor      bool
	follow       bool
}

func timelineCommand(env Environment) *cobra.Command {
	f := timelineFlags{output: "term"}
	cmd := &cobra.Command{
		Use:   "timeline [FILE...|-]",
		Short: "Draw the timeline of recorded pods",
		Long: `Draws a row for each container, below its pod, below its rollout: in which
state it was, and when it failed. All records come from the files or from
stdin; no cluster is needed.

Files may contain the program's own lines, the output of kubectl logs with or
without --timestamps and --prefix, log files of container runtimes, OTLP in
JSON from the Collector's file exporter, or JSON lines that VictoriaLogs or Loki
exported; compressed with gzip or not, in any order, with duplicates, from
several clusters.`,
		Example: `  kubectl logs deploy/pod-status-logger | pod-status-logger timeline
  pod-status-logger timeline records.jsonl --bundle cart --since 1h
  pod-status-logger timeline monday.log.gz tuesday.log -n shop --pod 'cart-*'
  pod-status-logger timeline records.jsonl -o html > timeline.html
  kubectl logs -f deploy/pod-status-logger | pod-status-logger timeline --follow`,
		RunE: func(cmd *cobra.Command, args []string) error { return showTimeline(cmd, args, &f, env) },
	}
	f.add(cmd.Flags())
	return cmd
}

func (f *timelineFlags) add(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringSliceVarP(&f.filter.Namespaces, "namespace", "n", nil, "show only pods in these `namespaces`")
	fs.StringSliceVar(&f.filter.Pods, "pod", nil, "show only these `pods`; cart-* and shop/cart-* are patterns")
	fs.StringSliceVar(&f.filter.Bundles, "bundle", nil,
		"show only pods of these `bundles`: id or name, with @ before a version")
	fs.StringVar(&f.since, "since", "",
		"begin at this `time`, such as 2026-11-30T17:00:00Z, or that long before the last record, such as 1h")
	fs.StringVar(&f.until, "until", "", "end at this `time`, likewise")
	fs.VarP(config.Choice(&f.output, "term", "html", "perfetto"), "output", "o",
		"form of the timeline: text, one HTML file, or a trace for ui.perfetto.dev")
	fs.IntVar(&f.width, "width", 0, "`columns` of the picture; default: those of the terminal, else 100")
	fs.BoolVar(&f.noColor, "no-color", false, "draw without colors, also on a terminal")
	fs.BoolVarP(&f.follow, "follow", "f", false, "read on, and redraw the picture once a second")
}

func showTimeline(cmd *cobra.Command, args []string, f *timelineFlags, env Environment) error {
	var err error
	if f.filter.Since, err = parseMoment("since", f.since); err != nil {
		return config.Usage(err)
	}
	if f.filter.Until, err = parseMoment("until", f.until); err != nil {
		return config.Usage(err)
	}
	sources, err := openSources(args, env)
	if err != nil {
		return err
	}
	defer sources.close()
	b := timeline.NewBuilder(f.filter)
	if f.follow {
		return followTimeline(cmd.Context(), sources, b, f, env)
	}
	if err := sources.read(b.Add, env); err != nil {
		return err
	}
	t := b.Build()
	if len(t.Rollouts) == 0 {
		return errors.New("no record of these pods in this time; see the filters in pod-status-logger timeline --help")
	}
	return f.draw(cmd.OutOrStdout(), t, env)
}

// draw writes the timeline in the form of the flags.
func (f *timelineFlags) draw(w io.Writer, t *timeline.Timeline, env Environment) error {
	switch f.output {
	case "html":
		return page.Write(w, t)
	case "perfetto":
		out := bufio.NewWriter(w)
		return errors.Join(perfetto.Write(out, t), out.Flush())
	}
	_, err := io.WriteString(w, term.Draw(t, f.terminal(env)))
	return err
}

// terminal returns the properties of the terminal, as far as flags don't override them.
func (f *timelineFlags) terminal(env Environment) term.Options {
	o := term.Options{Width: f.width, ASCII: !hasUnicode(env.Lookup), Location: time.Local}
	if env.Stdout == nil {
		return o
	}
	if o.Width == 0 {
		o.Width = widthOf(env.Stdout)
	}
	o.Color = !f.noColor && isTerminal(env.Stdout) && wantsColor(env.Lookup)
	return o
}

// parseMoment reads a time, or a duration before the last record.
func parseMoment(flag, value string) (m timeline.Moment, err error) {
	if value == "" {
		return m, nil
	}
	if m.Before, err = time.ParseDuration(value); err == nil && m.Before > 0 {
		return m, nil
	}
	m.Before = 0
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if m.Time, err = time.ParseInLocation(layout, value, time.Local); err == nil {
			return m, nil
		}
	}
	return m, fmt.Errorf("--%s: %q is neither a time such as 2026-11-30T17:00:00Z nor a duration such as 1h", flag, value)
}
