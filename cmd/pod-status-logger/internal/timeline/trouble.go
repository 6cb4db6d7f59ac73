package timeline

import (
	"fmt"
	"strings"
	"time"
)

// Trouble returns why a container last failed, in full, or an empty string. Times are those of the location.
func (c *Container) Trouble(in *time.Location) string { return trouble(&c.Row, in) }

// Trouble returns why the pod as a whole last failed or was disrupted, in full, or an empty string. Times are those of
// the location.
func (p *Pod) Trouble(in *time.Location) string {
	for i := len(p.Marks) - 1; i >= 0; i-- {
		if m := &p.Marks[i]; m.Kind != Warning || p.neverReady() {
			return m.describe(m.At.In(in))
		}
	}
	return ""
}

// neverReady reports whether a pod was not ready after the last warning: then the warning is the cause.
func (p *Pod) neverReady() bool {
	n := len(p.Intervals)
	return n > 0 && p.Intervals[n-1].Kind != Ready
}

// trouble describes the last failure of a row: the last termination, unless the container can't be started.
func trouble(r *Row, in *time.Location) string {
	last := ""
	var at time.Time
	for i := range r.Marks {
		if m := &r.Marks[i]; !m.At.Before(at) {
			last, at = m.describe(m.At.In(in)), m.At
		}
	}
	for i := range r.Intervals {
		v := &r.Intervals[i]
		if (v.Kind == Stuck || v.Kind == BackOff && last == "") && !v.Start.Before(at) {
			last, at = v.describe(v.Start.In(in)), v.Start
		}
	}
	return last
}

// describe returns the reason of a record with Kubernetes' message, exit code and restarts.
func (f *Fact) describe(at time.Time) string {
	var parts []string
	if f.Reason != "" {
		parts = append(parts, f.Reason)
	}
	if f.HasExitCode {
		parts = append(parts, fmt.Sprintf("exit code %d", f.ExitCode))
	}
	if f.Signal != 0 {
		parts = append(parts, fmt.Sprintf("signal %d", f.Signal))
	}
	if f.Restarts > 0 {
		parts = append(parts, fmt.Sprintf("restart count %d", f.Restarts))
	}
	text := strings.Join(append(parts, "at "+at.Format("15:04:05")), ", ")
	if info := strings.TrimSpace(f.Info); info != "" {
		text += ": " + info
	}
	return text
}
