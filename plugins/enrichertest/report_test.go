package enrichertest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPrint(t *testing.T) {
	report := Report{[]Result{
		{Rule: "handshake", Says: "it starts within 10 s", Outcome: Passed, Took: 62*time.Millisecond + 1},
		{Rule: "describe", Says: "it has a name", Outcome: Passed},
		{Rule: "describe-stable", Says: "it stays", Outcome: Broken, Why: "it does not"},
		{Rule: "order", Says: "in order", Outcome: NotChecked, Why: "its answers differ"},
		{Rule: "restart", Says: "it starts again", Outcome: NotReached, Why: "it does not start"},
		{Rule: "sparse", Says: "it answers", Outcome: NotReached, Why: "order is broken"},
		{Rule: "shutdown", Says: "it ends", Outcome: NotReached, Why: "it does not start"},
	}}
	want := `ok   handshake        it starts within 10 s (62 ms)
ok   describe         it has a name
FAIL describe-stable  it does not
--   order            not checked: its answers differ
--   not reached      2 rules, as it does not start: restart, shutdown; 1 rules, as order is broken: sparse
2 rules passed, 1 not checked, 3 not reached, 1 broken: describe-stable
`
	var b strings.Builder
	if err := report.Print(&b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	report.Results = report.Results[:2]
	if got := report.Summary(); got != "2 rules passed" {
		t.Errorf("%q", got)
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		412 * time.Microsecond:    "0.4 ms",
		3 * time.Millisecond:      "3 ms",
		12600 * time.Microsecond:  "13 ms",
		200 * time.Millisecond:    "200 ms",
		1500 * time.Millisecond:   "1.5 s",
		3 * time.Second:           "3 s",
		10040 * time.Millisecond:  "10 s",
		2*time.Minute + time.Hour: "3720 s",
	} {
		if got := duration(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"a\n\tb  c ", "a b c"},
		{"\x1b[31mred", "\uFFFD[31mred"},
		{"größe", "größe"},
		{strings.Repeat("日", maxWhy), strings.Repeat("日", maxWhy/3) + "..."},
	} {
		if got := oneLine(tc.text); got != tc.want {
			t.Errorf("%q: got %q", tc.text, got)
		}
	}
}
