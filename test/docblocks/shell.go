//go:build unix

package docblocks

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Shell runs steps in one bash, so that a command sees what an earlier one has set.
type Shell struct {
	Dir   string
	Env   []string // the whole environment
	Setup string   // a script to run first; its output is ignored
}

// limit bounds a page on a busy machine: some build programs.
const limit = 9 * time.Minute

// Output is what a step printed.
type Output struct{ Stdout, Stderr string }

// Run runs the steps, each of which must succeed, and returns what each printed.
func (s Shell) Run(tb testing.TB, steps []Step) []Output {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", s.Setup+"\n"+script(steps))
	cmd.Dir, cmd.Env = s.Dir, s.Env
	// All that the script starts is a group, which ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	outputs := split(stdout.String(), stderr.String())
	if len(outputs) <= len(steps) { // the last is that of the step that failed
		failed := "before the first step"
		last := outputs[len(outputs)-1]
		if n := len(outputs) - 2; n >= 0 && n < len(steps) {
			failed = steps[n].String()
		}
		tb.Fatalf("%s: %v\n%s%s", failed, err, last.Stdout, last.Stderr)
	}
	if err != nil {
		tb.Fatalf("after the last step: %v", err)
	}
	return outputs[1 : len(steps)+1]
}

// Check runs the steps, and compares what each printed with what the page shows for it. The
// last newline of an output may be missing.
func (s Shell) Check(tb testing.TB, steps []Step) {
	tb.Helper()
	for i, output := range s.Run(tb, steps) {
		if want := steps[i].Want; want != "" && strings.TrimSuffix(output.Stdout, "\n") != strings.TrimSuffix(want, "\n") {
			tb.Errorf("%s\nprints\n%swant\n%sstderr:\n%s", steps[i], output.Stdout, want, output.Stderr)
		}
	}
}

// mark is what the script prints between two steps.
const mark = "\x00\n"

func script(steps []Step) string {
	const end = "END_OF_FILE_OF_THE_PAGE"
	var b strings.Builder
	b.WriteString("set -euo pipefail\n")
	for _, step := range steps {
		b.WriteString("printf '\\0\\n' | tee /dev/stderr\n")
		if step.File == "" {
			b.WriteString(step.Command + "\n")
		} else {
			fmt.Fprintf(&b, "cat >'%s' <<'%s'\n%s%s\n", step.File, end, step.Block.Text, end)
		}
	}
	b.WriteString("printf '\\0\\n' | tee /dev/stderr\n")
	return b.String()
}

// split returns the outputs of the setup, of each step that began, and of what came after
// the last one.
func split(stdout, stderr string) (outputs []Output) {
	out, log := strings.Split(stdout, mark), strings.Split(stderr, mark)
	for i := range min(len(out), len(log)) {
		outputs = append(outputs, Output{out[i], log[i]})
	}
	return outputs
}

// Quote returns a word of the shell that is the text.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
