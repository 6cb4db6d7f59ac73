package enrichertest

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Outcome is the outcome of a rule.
type Outcome uint8

// The outcomes. A rule is not checked if it applies to nothing that the plugin did. It is
// not reached if the plugin breaks a rule that it depends on, or has hung too often.
const (
	Passed Outcome = iota + 1
	Broken
	NotChecked
	NotReached
)

// Result is the result of one rule.
type Result struct {
	Rule    string // its name, such as batch-64
	Says    string // the rule, in one sentence
	Outcome Outcome
	Why     string        // one line; empty if it passed
	Took    time.Duration // by the call that the rule is about; 0: not measured
}

// String returns a line for people, without an end of line.
func (r Result) String() string {
	mark, text := "ok", r.Says
	switch r.Outcome {
	case Broken:
		mark, text = "FAIL", r.Why
	case NotChecked:
		mark, text = "--", "not checked: "+r.Why
	case NotReached:
		mark, text = "--", "not reached: "+r.Why
	case Passed:
		if r.Took > 0 {
			text += " (" + duration(r.Took) + ")"
		}
	}
	return fmt.Sprintf("%-4s %-15s  %s", mark, r.Rule, text)
}

// Report has the results of all rules, in their order.
type Report struct{ Results []Result }

// Broken returns the rules that the plugin breaks.
func (r Report) Broken() (broken []Result) {
	for _, result := range r.Results {
		if result.Outcome == Broken {
			broken = append(broken, result)
		}
	}
	return broken
}

// Unreached is a line that names the rules that were not reached, "" if there are none.
func (r Report) Unreached() string {
	var why []string
	rules := map[string][]string{}
	for _, result := range r.Results {
		if result.Outcome != NotReached {
			continue
		}
		if rules[result.Why] == nil {
			why = append(why, result.Why)
		}
		rules[result.Why] = append(rules[result.Why], result.Rule)
	}
	parts := make([]string, len(why))
	for i, w := range why {
		parts[i] = fmt.Sprintf("%d rules, as %s: %s", len(rules[w]), w, strings.Join(rules[w], ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("%-4s %-15s  %s", "--", "not reached", strings.Join(parts, "; "))
}

// Summary is a line that counts the outcomes and names the rules that are broken.
func (r Report) Summary() string {
	counts := map[Outcome]int{}
	var names []string
	for _, result := range r.Results {
		counts[result.Outcome]++
		if result.Outcome == Broken {
			names = append(names, result.Rule)
		}
	}
	text := fmt.Sprintf("%d rules passed", counts[Passed])
	if n := counts[NotChecked]; n > 0 {
		text += fmt.Sprintf(", %d not checked", n)
	}
	if n := counts[NotReached]; n > 0 {
		text += fmt.Sprintf(", %d not reached", n)
	}
	if len(names) > 0 {
		text += fmt.Sprintf(", %d broken: %s", len(names), strings.Join(names, ", "))
	}
	return text
}

// Print writes a line for each rule that was reached, one for all others, and the summary.
func (r Report) Print(w io.Writer) error {
	for _, result := range r.Results {
		if result.Outcome == NotReached {
			continue
		}
		if _, err := fmt.Fprintln(w, result); err != nil {
			return err
		}
	}
	return r.PrintEnd(w)
}

// PrintEnd writes the lines of [Report.Print] that come after those of the results.
func (r Report) PrintEnd(w io.Writer) error {
	end := r.Summary()
	if unreached := r.Unreached(); unreached != "" {
		end = unreached + "\n" + end
	}
	_, err := fmt.Fprintln(w, end)
	return err
}

// duration writes a duration as a person would, in milliseconds or seconds.
func duration(d time.Duration) string {
	if d < time.Second {
		return rounded(float64(d)/float64(time.Millisecond)) + " ms"
	}
	return rounded(d.Seconds()) + " s"
}

func rounded(f float64) string {
	if f < 10 {
		f = math.Round(10*f) / 10
	} else {
		f = math.Round(f)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

const maxWhy = 400

// oneLine makes a short line of a message in which a plugin may have put text of any
// length, and control characters for terminals.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxWhy {
		s = strings.ToValidUTF8(s[:maxWhy], "") + "..."
	}
	return s
}
