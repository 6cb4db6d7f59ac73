//go:build node

package scenarios

import (
	"fmt"
	"regexp"
	"strings"
)

// A table names records by short lines:
//
//	create
//	pod waiting warning                        about the pod as a whole: state, reason, level
//	PodScheduled=False Unschedulable warning   about a condition: status, reason, level
//	app waiting ContainerCreating warning      about a container: state, reason, level
//	app ready info                             running and ready; "running" is not ready
//	app terminated Error exit=1 error
//	delete Evicted                             with the cause, if there is one

func line(rec object) string {
	reason := text(rec, "reason")
	var words []string
	switch {
	case rec["action"] != "update":
		words = []string{text(rec, "action"), reason}
	case rec["condition"] != nil:
		words = []string{text(rec, "condition") + "=" + text(rec, "condition_status"), reason, text(rec, "level")}
	case rec["container"] != nil:
		words = []string{text(rec, "container"), text(rec, "state"), reason, text(rec, "level")}
		if rec["state"] == "running" && rec["ready"] == true {
			words[1] = "ready"
		}
		if rec["exit_code"] != nil {
			words[2] += fmt.Sprintf(" exit=%v", rec["exit_code"])
		}
	default:
		words = []string{"pod", text(rec, "state"), reason, text(rec, "level")}
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func lines(records []object) string {
	var b strings.Builder
	for _, rec := range records {
		b.WriteString(line(rec) + "\n")
	}
	return b.String()
}

// expectation is what a table says about the pods whose names match a pattern.
type expectation struct {
	pods    string
	subject string // a container, "-" for all records without one, or empty for all
	records *regexp.Regexp
	text    string
}

// lines returns the records that the expectation is about.
func (e *expectation) lines(records []object) string {
	var some []object
	for _, rec := range records {
		container := text(rec, "container")
		if e.subject == "" || e.subject == container || e.subject == "-" && container == "" {
			some = append(some, rec)
		}
	}
	return lines(some)
}

// expectations reads a table. Each pod, or pattern for names of pods, begins a
// paragraph and ends with a colon. POD/CONTAINER is about one container and POD/- about
// the rest, for pods whose containers don't wait for each other. Lines between "(" and ")+", ")*" or ")?" repeat
// or may be absent, as do single lines that begin with "+", "*" or "?". "*" within a
// line stands for one word, and after "#" comes a comment.
func expectations(table string) (all []*expectation) {
	var source strings.Builder
	var e *expectation
	flush := func() {
		if e != nil {
			e.records = regexp.MustCompile("^" + source.String() + "$")
		}
		source.Reset()
	}
	for raw := range strings.SplitSeq(table, "\n") {
		text, _, _ := strings.Cut(raw, "#")
		text = strings.Join(strings.Fields(text), " ")
		switch {
		case text == "":
		case strings.HasSuffix(text, ":"):
			flush()
			e = &expectation{}
			e.pods, e.subject, _ = strings.Cut(strings.TrimSuffix(text, ":"), "/")
			all = append(all, e)
		default:
			e.text += text + "\n"
			source.WriteString(expression(text))
		}
	}
	flush()
	return all
}

func expression(text string) string {
	switch text {
	case "(":
		return "(?:"
	case ")", ")+", ")*", ")?":
		return text
	}
	times := ""
	for _, sign := range []string{"?", "+", "*"} {
		if rest, ok := strings.CutPrefix(text, sign+" "); ok {
			text, times = rest, sign
		}
	}
	quoted := strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, `[^ \n]+`)
	return "(?:" + quoted + "\n)" + times
}
