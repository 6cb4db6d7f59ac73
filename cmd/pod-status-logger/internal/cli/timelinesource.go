package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/input"
)

// source is a file with records, or stdin.
type source struct {
	name string
	io.ReadCloser
}

type sources []source

const stdinName = "stdin"

// openSources opens the files of the arguments; without any, stdin.
func openSources(names []string, env Environment) (all sources, err error) {
	if len(names) == 0 {
		if f, ok := env.Stdin.(*os.File); ok && isTerminal(f) {
			return nil, config.Usage(errors.New("no records: name files, or pipe records in, " +
				"such as those of kubectl logs deploy/pod-status-logger"))
		}
		names = []string{"-"}
	}
	for _, name := range names {
		if name == "-" {
			all = append(all, source{stdinName, io.NopCloser(env.Stdin)})
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			all.close()
			return nil, config.Usage(err)
		}
		all = append(all, source{name, f})
	}
	return all, nil
}

func (s sources) close() {
	for _, one := range s {
		_ = one.Close()
	}
}

// read passes all records to add, and warns of damaged lines.
func (s sources) read(add func(*input.Record) error, env Environment) error {
	r := input.NewReader(add)
	for _, one := range s {
		if err := r.Read(one.name, one); err != nil {
			return err
		}
	}
	return check(&r.Stats, env.Stderr)
}

// check returns an error if there were no records. It warns of damaged lines.
func check(stats *input.Stats, stderr io.Writer) error {
	switch {
	case stats.Records == 0 && stats.Watched:
		return errors.New("these are events of a watch, not records; pod-status-logger replay FILE makes records of them")
	case stats.Records == 0 && stats.Bad == 0:
		return fmt.Errorf("there is no record in %d lines", stats.Lines)
	case stats.Records == 0:
		return fmt.Errorf("there is no record in %d lines; %s", stats.Lines, stats.FirstBad)
	case stats.Bad > 0:
		lines := "lines"
		if stats.Bad == 1 {
			lines = "line"
		}
		_, _ = fmt.Fprintf(stderr, "pod-status-logger: skipped %d damaged %s; %s\n", stats.Bad, lines, stats.FirstBad)
	}
	return nil
}
