package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/app"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/journal"
)

func journalCommand(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "Inspect the journal of a stopped program",
		Long: `Inspects the journal in the state directory, which --state-dir, the environment
or the configuration file names. The program that writes the journal must be
stopped; a running program has its totals at /metrics.`,
		Example: `  pod-status-logger journal stat --state-dir state
  pod-status-logger journal dead-letter --state-dir state`,
		Args: oneOfItsCommands("stat, dump and dead-letter"),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	stat := &cobra.Command{
		Use:   "stat",
		Short: "Print the fill level and the totals of the journal",
		Long: `Prints the fill level and the totals of the journal as a JSON object. For each
sink, committed is the sum of acknowledged, dead, dropped and waiting.`,
		Example: `  pod-status-logger journal stat --state-dir state
  pod-status-logger journal stat --state-dir state | jq .otlp.waiting`,
		Args: noArguments,
		RunE: reading(env, func(j *journal.Journal, out io.Writer) error { return printStat(j.Stats(), out) }),
	}
	dump := &cobra.Command{
		Use:   "dump",
		Short: "Print the pending records",
		Long: `Prints the records that are pending for the OTLP receiver, oldest first: one per
line, in OTLP's JSON encoding.`,
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
		Short: "Print, resend or discard dead letters",
		Long: `Prints the records that the OTLP receiver refused permanently, one per line:
seq, time and reason of the refusal, and the record in OTLP's JSON encoding.
With --resend they are sent after the next start, behind the pending records;
with --discard they are removed and counted as dropped. The arguments are the
seqs of the dead letters; default: all.`,
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
				return changing(env, cmd, seqs, "are discarded", (*journal.Outbox).Discard)
			}
			return reading(env, func(j *journal.Journal, out io.Writer) error {
				_, err := choose(j, seqs)
				return errors.Join(err, printDeadLetters(j, seqs, out))
			})(cmd, nil)
		},
	}
	cmd.Flags().BoolVar(&again, "resend", false, "send the dead letters again after the next start")
	cmd.Flags().BoolVar(&discard, "discard", false, "remove the dead letters")
	return cmd
}

// reading returns the function of a command that reads the journal.
func reading(env Environment, do func(*journal.Journal, io.Writer) error) runE {
	return configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, o config.Options) error {
		if o.State.Dir == "" {
			return config.Usage(errNoJournal)
		}
		j, err := openReadOnly(o.State.Dir)
		if err != nil {
			return err
		}
		return errors.Join(do(j, cmd.OutOrStdout()), j.Close())
	})
}

func openReadOnly(dir string) (*journal.Journal, error) {
	j, err := app.OpenJournalReadOnly(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("there is no journal in %s; --state-dir is the directory of journal.db", dir)
	}
	return j, err
}

var errNoJournal = errors.New("no journal is configured; name its directory with --state-dir")

// changing calls do with dead letters of the journal, all if seqs is empty, and prints
// their number.
func changing(
	env Environment, cmd *cobra.Command, seqs []uint64, what string, do func(*journal.Outbox, ...uint64) (int, error),
) error {
	return configured(env, config.DefaultOptions(), func(cmd *cobra.Command, _ []string, o config.Options) error {
		if o.State.Dir == "" {
			return config.Usage(errNoJournal)
		}
		if there, err := openReadOnly(o.State.Dir); err != nil { // unlike Open, it creates no journal
			return err
		} else if err := there.Close(); err != nil {
			return err
		}
		size, _ := o.State.Bytes() // the configuration was validated
		j, err := app.OpenJournal(o.State.Dir, journal.Options{Capacity: size})
		if err != nil {
			return err
		}
		n := 0
		chosen, err := choose(j, seqs)
		if err == nil {
			n, err = do(j.Outbox(journal.Logs), chosen...)
		}
		if err := errors.Join(err, j.Close()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d dead letters %s\n", n, what)
		return err
	})(cmd, nil)
}

// choose returns the seqs of the selected dead letters: all if seqs is empty. It returns
// an error for a seq that is not one of a dead letter.
func choose(j *journal.Journal, seqs []uint64) ([]uint64, error) {
	var there []uint64
	for d, err := range j.Outbox(journal.Logs).DeadLetters() {
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
			return nil, fmt.Errorf("%d is not the seq of a dead letter; nothing was changed", seq)
		}
	}
	return seqs, nil
}

// resend queues dead letters in small batches, to save memory.
func resend(logs *journal.Outbox, seqs ...uint64) (sent int, err error) {
	for few := range slices.Chunk(seqs, 256) {
		n, err := logs.Resend(few...)
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
			return nil, fmt.Errorf("%q is not the seq of a record, which is a number", arg)
		}
		seqs = append(seqs, n)
	}
	return seqs, nil
}
