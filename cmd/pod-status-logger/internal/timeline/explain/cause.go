// Package explain names the cause of a pod's trouble in sentences, by a table of causes.
package explain

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// Cause is a row of the table of causes.
type Cause struct {
	// Rule says how records show the cause.
	Rule string
	// Says is the predicate of a sentence about the container or the pod. Words in braces stand for fields.
	Says string
	// Help is what usually helps.
	Help string
	// Page is a page of Kubernetes' documentation, below https://kubernetes.io/docs/.
	Page string

	weight  weight
	matches func(f *timeline.Fact) bool
}

// Link returns the address of the page about the cause.
func (c *Cause) Link() string { return "https://kubernetes.io/docs/" + c.Page }

// weight orders causes of one pod: the earliest one with the greatest weight comes first.
type weight uint8

const (
	delay       weight = iota + 1 // what usually passes
	consequence                   // what follows from another cause
	failure
	fate // the end of the pod as a whole; it explains the terminations of that moment
)

// Causes returns the table. The first row that matches a record is its cause.
func Causes() []Cause {
	return slices.Concat(disruptionCauses(), kubeletCauses(), eventCauses(), roomCauses(), readinessCauses(),
		imageCauses(), startCauses(), killCauses(), endCauses())
}

// find returns the cause of a record, nil if it shows none.
func find(causes []Cause, f *timeline.Fact) *Cause {
	for i := range causes {
		if causes[i].matches(f) {
			return &causes[i]
		}
	}
	return nil
}

// sentence returns the predicate with the fields of the record.
func (c *Cause) sentence(f *timeline.Fact) string {
	return strings.NewReplacer(
		"{reason}", f.Reason, "{condition}", f.Condition, "{device}", f.Device, "{image}", f.Image,
		"{exit}", strconv.Itoa(int(f.ExitCode)), "{node}", f.Node,
	).Replace(c.Says)
}

// hasReason returns a rule about the reason of any record.
func hasReason(reasons ...string) func(*timeline.Fact) bool {
	return func(f *timeline.Fact) bool { return slices.Contains(reasons, f.Reason) }
}

// waits returns a rule about a container that waits for one of these reasons, with one of these words in Kubernetes'
// message; no words: any message.
func waits(reasons []string, words ...string) func(*timeline.Fact) bool {
	return func(f *timeline.Fact) bool {
		if f.Container == "" || f.State != "error" && f.State != "waiting" || !slices.Contains(reasons, f.Reason) {
			return false
		}
		info := strings.ToLower(f.Info)
		return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(info, w) })
	}
}

// ended returns a rule about a container that terminated.
func ended(rule func(f *timeline.Fact) bool) func(*timeline.Fact) bool {
	return func(f *timeline.Fact) bool {
		return f.Container != "" && f.State == "terminated" && f.Device == "" && rule(f)
	}
}

func exited(codes ...int32) func(*timeline.Fact) bool {
	return ended(func(f *timeline.Fact) bool { return f.HasExitCode && slices.Contains(codes, f.ExitCode) })
}

// event returns a rule about an Event of Kubernetes.
func event(reason, word string) func(*timeline.Fact) bool {
	return func(f *timeline.Fact) bool {
		return f.Action == "event" && f.Reason == reason && strings.Contains(strings.ToLower(f.Info), word)
	}
}
