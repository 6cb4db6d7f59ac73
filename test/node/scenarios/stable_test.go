//go:build node

package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A recording has to differ from the one before only in what happened. So ids are
// numbered, random ends of names replaced, and times moved.

var (
	ids   = regexp.MustCompile(`\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{32})\b`)
	times = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)
	// runs are the Jobs of a CronJob, which are named after the minute.
	runs = regexp.MustCompile(`-\d{8}\b`)
)

// begin is when the first pod of a recording is created, to the minute.
var begin = time.Date(2026, time.January, 2, 3, 4, 0, 0, time.UTC)

// stable returns the text of a recording as it would be at another time.
func stable(text string, changes []change) string {
	text = strings.NewReplacer(names(changes)...).Replace(text)
	numbers := map[string]int{}
	text = ids.ReplaceAllStringFunc(text, func(id string) string {
		if numbers[id] == 0 {
			numbers[id] = len(numbers) + 1
		}
		if strings.Contains(id, "-") {
			return fmt.Sprintf("00000000-0000-4000-8000-%012d", numbers[id])
		}
		return fmt.Sprintf("%0*d", len(id), numbers[id])
	})
	offset := time.Duration(0)
	text = times.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil || t.Year() < begin.Year() {
			return s
		}
		if offset == 0 {
			offset = t.Truncate(time.Minute).Sub(begin)
		}
		return t.Add(-offset).UTC().Format(time.RFC3339)
	})
	return runs.ReplaceAllStringFunc(text, func(s string) string {
		minute, err := strconv.Atoi(s[1:])
		if err != nil {
			return s
		}
		return fmt.Sprintf("-%d", minute-int(offset.Minutes()))
	})
}

// origin is the beginning of a pod's name that is not random.
func origin(p object) string {
	if prefix := text(p, "metadata", "generateName"); prefix != "" {
		return prefix
	}
	return pod{p}.name()
}

// names returns, for a replacer, the pods' names and those that they get.
func names(changes []change) (pairs []string) {
	seen := map[string]bool{}
	count := map[string]int{}
	for _, c := range changes {
		name, prefix := pod{c.Pod}.name(), origin(c.Pod)
		if seen[name] || name == prefix {
			continue
		}
		seen[name] = true
		pairs = append(pairs, name, prefix+strings.Repeat(string("bcdfghjklmnpqrstvwxz"[count[prefix]]), 5))
		count[prefix]++
	}
	return pairs
}
