// Package page writes timelines as one HTML file that makes no requests.
package page

import (
	_ "embed" // the parts of the page
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

//go:embed page.html
var document string

//go:embed page.css
var stylesheet string

//go:embed page.js
var script string

// content is the data of the page. Numbers are short, so that 100,000 intervals are some megabytes.
type content struct {
	Start     int64     `json:"start"` // milliseconds since 1970
	End       int64     `json:"end"`
	Kinds     []string  `json:"kinds"`
	Marks     []string  `json:"marks"`
	Pods      int       `json:"pods"`
	Intervals int       `json:"intervals"`
	Rollouts  []rollout `json:"rollouts"`
	Rows      []row     `json:"rows"`
	Strings   []string  `json:"strings"` // of the other fields, which have positions in it; the first one is empty
}

type rollout struct {
	Name string `json:"name"`
	More string `json:"more"`
}

// row has flat lists: start, end, kind, reason, info, exit code, restarts, seq, flags. Times are in milliseconds since
// the start.
type row struct {
	Rollout   int       `json:"r"`
	Number    int       `json:"n"` // of the pod
	Pod       string    `json:"p"`
	Container string    `json:"c"`
	Trouble   int       `json:"t"`
	Image     int       `json:"g"`
	Node      int       `json:"o"`
	Intervals []float64 `json:"i"`
	Marks     []float64 `json:"m"`
}

// Flags of an interval.
const (
	isOpen      = 1
	hasExitCode = 2
)

// Write writes the page of a timeline.
func Write(w io.Writer, t *timeline.Timeline) error {
	c := collector{t: t, positions: map[string]int{}}
	c.position("")
	data, err := json.Marshal(c.content()) // it escapes sequences that end the script
	if err != nil {
		return err
	}
	_, err = strings.NewReplacer("/*STYLE*/", stylesheet, "/*DATA*/", string(data), "/*SCRIPT*/", script).
		WriteString(w, document)
	return err
}

// collector makes the content of a timeline.
type collector struct {
	t         *timeline.Timeline
	c         content
	positions map[string]int
}

func (c *collector) content() *content {
	c.c.Start, c.c.End = c.t.Start.UnixMilli(), c.t.End.UnixMilli()
	for _, k := range timeline.Kinds() {
		c.c.Kinds = append(c.c.Kinds, k.String())
	}
	for _, k := range timeline.MarkKinds() {
		c.c.Marks = append(c.c.Marks, k.String())
	}
	for i, r := range c.t.Rollouts {
		c.c.Rollouts = append(c.c.Rollouts, rollout{
			Name: strings.TrimSpace(r.Name + " " + r.Version), More: strings.Join(strings.Fields(more(r)), " "),
		})
		for _, p := range r.Pods {
			c.pod(i, p)
		}
	}
	return &c.c
}

func more(r *timeline.Rollout) string {
	text := r.ID
	if r.TraceID != "" {
		text += " trace " + r.TraceID
	}
	if r.Cluster != "" {
		text += " cluster " + r.Cluster
	}
	return text
}

func (c *collector) pod(rollout int, p *timeline.Pod) {
	c.c.Pods++
	base := row{Rollout: rollout, Number: c.c.Pods, Pod: p.Namespace + "/" + p.Name, Node: c.position(p.Node)}
	whole := base
	whole.Trouble = c.position(p.Trouble(time.UTC))
	c.add(whole, &p.Row)
	for _, container := range p.Containers {
		r := base
		r.Container, r.Trouble, r.Image = container.Name, c.position(container.Trouble(time.UTC)), c.position(container.Image)
		c.add(r, &container.Row)
	}
}

func (c *collector) add(to row, from *timeline.Row) {
	to.Intervals, to.Marks = []float64{}, []float64{}
	for i := range from.Intervals {
		v := &from.Intervals[i]
		c.c.Intervals++
		to.Intervals = append(to.Intervals, c.numbers(v.Start, v.End, int(v.Kind), v.Open, &v.Fact)...)
	}
	for i := range from.Marks {
		m := &from.Marks[i]
		to.Marks = append(to.Marks, c.numbers(m.At, m.At, int(m.Kind), false, &m.Fact)...)
	}
	c.c.Rows = append(c.c.Rows, to)
}

func (c *collector) numbers(start, end time.Time, kind int, open bool, f *timeline.Fact) []float64 {
	flags := 0
	if open {
		flags |= isOpen
	}
	if f.HasExitCode {
		flags |= hasExitCode
	}
	return []float64{
		c.milliseconds(start), c.milliseconds(end), float64(kind), float64(c.position(f.Reason)),
		float64(c.position(f.Info)), float64(f.ExitCode), float64(f.Restarts), float64(f.Seq), float64(flags),
	}
}

func (c *collector) milliseconds(t time.Time) float64 {
	return float64(t.UnixMilli() - c.t.Start.UnixMilli())
}

// position returns the position of a string in the list of strings.
func (c *collector) position(s string) int {
	at, ok := c.positions[s]
	if !ok {
		at = len(c.c.Strings)
		c.positions[s] = at
		c.c.Strings = append(c.c.Strings, s)
	}
	return at
}
