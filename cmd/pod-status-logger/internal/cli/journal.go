package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/emit"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

func journalCommand(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "Look into the journal of a stopped program",
		Long: `Looks into the journal that --state-dir, the environment or the configuration
file name. The program that writes it must not run meanwhile; what it would tell
of a running one is at /metrics.`,
		Example: `  pod-status-logger journal stat --state-dir state
  pod-status-logger journal dead-letter --state-dir state`,
		Args: oneOfItsCommands("stat, dump and dead-letter"),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	stat := &cobra.Command{
		Use:   "stat",
		Short: "Count what went into the journal, and what has become of it",
		Long: `Prints, as one JSON object, how full the journal is and its totals. For each
sink, committed are as many as acknowledged, dead, dropped and waiting.`,
		Example: `  pod-status-logger journal stat --state-dir state
  pod-status-logger journal stat --state-dir state | jq .otlp.waiting`,
		Args: noArguments,
		RunE: reading(env, func(j *journal.Journal, out io.Writer) error { return printStat(j.Stats(), out) }),
	}
	dump := &cobra.Command{
		Use:   "dump",
		Short: "Print the records that wait to be sent",
		Long: `Prints the records that wait for the OTLP receiver, oldest first: a line for
each, in OTLP's JSON encoding.`,
		Example: `  pod-status-logger journal dump --state-dir state | wc -l`,
		Args:    noArguments,
		RunE:    reading(env, dumpWaiting),
	}
	for _, sub := range []*cobra.Command{stat, dump, deadLetterCommand(env)} {
		addFlags(sub, config.DefaultOptions(), config.StateFlag, config.CommonFlags)
		cmd.AddCommand(sub)
	}
	return cmd
}

func deadLetterCommand(env Environment) *cobra.Command {
	var again, discard bool
	cmd := &cobra.Command{
		Use:   "dead-letter [SEQ...]",
		Short: "Print, send again or discard what the receiver refused for good",
		Long: `Prints the dead letters: a line for each with its seq, when and why the receiver
refused it, and the record in OTLP's JSON encoding. With --resend they are sent
again after the next start, behind what waits already; with --discard they are
removed, and counted as dropped. Numbers say which ones; without, all are meant.`,
		Example: `  pod-status-logger journal dead-letter --state-dir state
  pod-status-logger journal dead-letter --state-dir state --resend 17 18`,
		RunE: func(cmd *cobra.Command, args []string) error {
			seqs, err := numbers(args)
			if err != nil {
				return config.Usage(err)
			}
			switch {
			case again && discard:
				return config.Usage(errors.New("--resend and --discard exclude each other"))
			case again:
				return changing(env, cmd, seqs, "will be sent again", resend)
			case discard:
				return changing(env, cmd, seqs, "are discarded", (*journal.Journal).Discard)
			}
			return reading(env, func(j *journal.Journal, out io.Writer) error {
				_, err := choose(j, seqs)
				return errors.Join(err, printDeadLetters(j, seqs, out))
			})(cmd, nil)
		},
	}
	cmd.Flags().BoolVar(&again, "resend", false, "send all of them, or those with these numbers, again after the next start")
	cmd.Flags().BoolVar(&discard, "discard", false, "remove all of them, or those with these numbers")
	return cmd
}

// reading returns a RunE that reads the configured journal.
func reading(env Environment, do func(*journal.Journal, io.Writer) error) func(*cobra.Command, []string) error {
	return configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, c config.Options) error {
		if c.State.Dir == "" {
			return config.Usage(errNoJournal)
		}
		j, err := openReadOnly(c.State.Dir)
		if err != nil {
			return err
		}
		return errors.Join(do(j, cmd.OutOrStdout()), j.Close())
	})
}

func openReadOnly(dir string) (*journal.Journal, error) {
	j, err := app.OpenJournalReadOnly(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("there is no journal in %s; --state-dir is the folder in which journal.db is", dir)
	}
	return j, err
}

var errNoJournal = errors.New("which journal? name its folder with --state-dir")

// changing does something with dead letters of the configured journal, all where
// none is named, and says how many they were.
func changing(env Environment, cmd *cobra.Command, seqs []uint64, what string, do func(*journal.Journal, ...uint64) (int, error)) error {
	return configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, c config.Options) error {
		if c.State.Dir == "" {
			return config.Usage(errNoJournal)
		}
		if there, err := openReadOnly(c.State.Dir); err != nil { // which makes none
			return err
		} else if err := there.Close(); err != nil {
			return err
		}
		size, _ := c.State.Bytes() // validated before
		j, err := app.OpenJournal(c.State.Dir, journal.Options{Capacity: size})
		if err != nil {
			return err
		}
		n := 0
		chosen, err := choose(j, seqs)
		if err == nil {
			n, err = do(j, chosen...)
		}
		if err := errors.Join(err, j.Close()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d dead letters %s\n", n, what)
		return err
	})(cmd, nil)
}

// choose returns the numbers of the dead letters that are meant: all where none is
// named. The error names the first that is none.
func choose(j *journal.Journal, seqs []uint64) ([]uint64, error) {
	var there []uint64
	for d, err := range j.DeadLetters() {
		if err != nil {
			return nil, err
		}
		there = append(there, d.Seq)
	}
	if len(seqs) == 0 {
		return there, nil
	}
	for _, seq := range seqs {
		if !slices.Contains(there, seq) {
			return nil, fmt.Errorf("%d is no dead letter; nothing was done", seq)
		}
	}
	return seqs, nil
}

// resend sends dead letters again. Few at a time are in memory.
func resend(j *journal.Journal, seqs ...uint64) (sent int, err error) {
	for few := range slices.Chunk(seqs, 256) {
		n, err := j.Resend(few...)
		if sent += n; err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func numbers(args []string) (seqs []uint64, err error) {
	for _, arg := range args {
		n, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no seq of a record: a number", arg)
		}
		seqs = append(seqs, n)
	}
	return seqs, nil
}

// stat is how journal stat prints what there is.
type stat struct {
	Stored      time.Time `json:"stored"` // when the last group was committed
	FileBytes   int64     `json:"file_bytes"`
	Received    uint64    `json:"received_events"`
	Changed     uint64    `json:"changed_events"`
	Suppressed  uint64    `json:"suppressed_records"`
	Emitted     uint64    `json:"emitted_records"` // the last seq
	Stdout      sinkStat  `json:"stdout"`
	OTLP        sinkStat  `json:"otlp"`
	WaitingFrom time.Time `json:"waiting_since,omitzero"`
}

type sinkStat struct {
	Committed    uint64 `json:"committed"`
	Sent         uint64 `json:"sent"`
	Acknowledged uint64 `json:"acknowledged"`
	Rejected     uint64 `json:"rejected"` // among those acknowledged
	Dead         uint64 `json:"dead"`
	Dropped      uint64 `json:"dropped"`
	Waiting      uint64 `json:"waiting"`
}

func printStat(s journal.Stats, out io.Writer) error {
	b, err := json.MarshalIndent(stat{
		Stored: s.Committed.UTC(), FileBytes: s.FileBytes,
		Received: s.Totals.Received, Changed: s.Totals.Changed, Suppressed: s.Totals.Suppressed, Emitted: s.Totals.Emitted,
		Stdout: sinkStatOf(s.Totals.Stdout), OTLP: sinkStatOf(s.Totals.OTLP), WaitingFrom: s.Oldest.UTC(),
	}, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", b)
	return err
}

func sinkStatOf(t journal.SinkTotals) sinkStat {
	return sinkStat{t.Committed, t.Sent, t.Acknowledged, t.Rejected, t.Dead, t.Dropped, t.Waiting()}
}

func dumpWaiting(j *journal.Journal, out io.Writer) error {
	for w, err := range j.Waiting() {
		if err != nil {
			return err
		}
		line, err := emit.OTLPJSON(w.Data)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// deadLetter is how a dead letter is printed.
type deadLetter struct {
	Seq    uint64          `json:"seq"`
	At     time.Time       `json:"refused_at"`
	Reason string          `json:"reason"`
	Record json.RawMessage `json:"record"`
}

func printDeadLetters(j *journal.Journal, seqs []uint64, out io.Writer) error {
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for d, err := range j.DeadLetters() {
		if err != nil {
			return err
		}
		if len(seqs) > 0 && !slices.Contains(seqs, d.Seq) {
			continue
		}
		line, err := emit.OTLPJSON(d.Record)
		if err != nil {
			return err
		}
		if err := lines.Encode(deadLetter{d.Seq, d.At.UTC(), d.Reason, line}); err != nil {
			return err
		}
	}
	return nil
}
