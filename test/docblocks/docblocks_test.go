//go:build unix

package docblocks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
)

func TestRead(t *testing.T) {
	want := []docblocks.Block{
		{
			Line: 7, Section: "Files", Language: "yaml", Title: "greeting.yaml", Claim: "run by: TestCheck",
			Text: "text: \"it's $HOME\"\n",
		},
		{Line: 11, Section: "Files", Language: "console", Claim: "run by: TestCheck", Text: "$ name=world\n"},
		{
			Line: 19, Section: "Commands", Language: "console", Claim: "run by: TestCheck",
			Text: "$ echo \"hello, $name\"; echo aside >&2\nhello, world\n$ cat greeting.yaml\ntext: \"it's $HOME\"\n",
		},
		{Line: 28, Section: "Commands", Claim: "not run: needs a cluster", Text: "# no heading\n"},
	}
	if diff := cmp.Diff(want, docblocks.Read(t, "testdata/page.md")); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for page, want := range map[string]string{
		"a\n```console\n$ ls\n":         "line 2: the block does not end",
		"```Console title=x\nls\n```\n": "line 1: not the begin of a block: ```Console title=x",
	} {
		if _, err := docblocks.Parse(page); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", page, err, want)
		}
	}
}

// TestCheck runs a page, and the same page with an output that is not that of the command.
func TestCheck(t *testing.T) {
	steps := docblocks.Steps(t, docblocks.Read(t, "testdata/page.md")[:3])
	dir := t.TempDir()
	s := docblocks.Shell{Dir: dir, Env: os.Environ(), Setup: "echo setup"}
	s.Check(t, steps)
	if b, err := os.ReadFile(filepath.Join(dir, "greeting.yaml")); err != nil || string(b) != "text: \"it's $HOME\"\n" {
		t.Errorf("file: %v: %s", err, b)
	}
	outputs := s.Run(t, steps)
	if got := outputs[2]; got != (docblocks.Output{Stdout: "hello, world\n", Stderr: "aside\n"}) {
		t.Errorf("output %q", got)
	}
	steps[2].Want = "hello, moon\n"
	if got := failure(t, func(tb testing.TB) { tb.Helper(); s.Check(tb, steps) }); !strings.Contains(got,
		"prints\nhello, world\nwant\nhello, moon\n") {
		t.Errorf("failure %q", got)
	}
}

// TestRunFails checks that the error names the failed step and contains its output.
func TestRunFails(t *testing.T) {
	steps := []docblocks.Step{
		{Command: "echo first"}, {Command: "echo second; echo why >&2; false"}, {Command: "echo third"},
	}
	s := docblocks.Shell{Dir: t.TempDir(), Env: os.Environ()}
	got := failure(t, func(tb testing.TB) { tb.Helper(); s.Run(tb, steps) })
	if want := "line 0: $ echo second; echo why >&2; false: exit status 1\nsecond\nwhy\n"; got != want {
		t.Errorf("failure %q, want %q", got, want)
	}
	s.Setup = "echo >&2 no setup; exit 4"
	if got := failure(t,
		func(tb testing.TB) { tb.Helper(); s.Run(tb, steps) }); got != "before the first step: exit status 4\nno setup\n" {
		t.Errorf("failure %q", got)
	}
}

func TestQuote(t *testing.T) {
	text := `it's "$HOME" \ * `
	s := docblocks.Shell{Dir: t.TempDir(), Env: os.Environ()}
	if got := s.Run(t, []docblocks.Step{{Command: "printf %s " + docblocks.Quote(text)}}); got[0].Stdout != text {
		t.Errorf("got %q, want %q", got[0].Stdout, text)
	}
}

// failure returns the message with which a test fails.
func failure(t *testing.T, test func(tb testing.TB)) string {
	t.Helper()
	f := &failing{TB: t}
	func() {
		defer func() { _ = recover() }()
		test(f)
	}()
	return f.message
}

type failing struct {
	testing.TB
	message string
}

func (f *failing) Errorf(format string, args ...any) { f.message += fmt.Sprintf(format, args...) }

func (f *failing) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f.message)
}
