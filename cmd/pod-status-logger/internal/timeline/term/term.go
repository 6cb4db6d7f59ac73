// Package term draws timelines as text: for terminals, and for tickets.
package term

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// Options are the properties of the terminal.
type Options struct {
	Width    int // 0: [DefaultWidth]
	Color    bool
	ASCII    bool // the terminal may not show other characters
	Location *time.Location
}

// DefaultWidth is the width of a picture that is not for a terminal.
const DefaultWidth = 100

// Bounds of the column of names, and the minimum of the bars.
const (
	leastName = 16
	mostName  = 48
	leastBars = 20
)

// picture is a timeline while it is drawn.
type picture struct {
	b     strings.Builder
	width int
	name  int // width of the column of names
	scale scale
	style style
	used  used // for the legend
}

// used are the kinds in a picture.
type used struct {
	kinds map[timeline.Kind]bool
	marks map[timeline.MarkKind]bool
}

// Draw returns the picture of a timeline: a row for each container, below its pod, below its rollout.
func Draw(t *timeline.Timeline, o Options) string {
	p := &picture{
		width: max(cmp.Or(o.Width, DefaultWidth), leastName+leastBars+1),
		style: style{color: o.Color, ascii: o.ASCII},
		used:  used{map[timeline.Kind]bool{}, map[timeline.MarkKind]bool{}},
	}
	p.name = min(max(longestName(t), leastName), mostName, p.width*2/5)
	p.scale = newScale(t.Start, t.End, p.width-p.name-1, cmp.Or(o.Location, time.UTC))
	p.header(t)
	for _, r := range t.Rollouts {
		p.rollout(r, len(clusters(t)) > 1)
	}
	p.legend()
	return p.b.String()
}

func (p *picture) line(s string) { p.b.WriteString(strings.TrimRight(s, " ") + "\n") }

func (p *picture) header(t *timeline.Timeline) {
	pods := 0
	for _, r := range t.Rollouts {
		pods += len(r.Pods)
	}
	p.wrapped("", fmt.Sprintf("%s, %s in %s", p.scale.title(), count(pods, "pod"), count(len(t.Rollouts), "rollout")), "")
	p.line(strings.Repeat(" ", p.name+1) + p.style.paint(dim, p.scale.axis(p.style.ascii)))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func clusters(t *timeline.Timeline) map[string]bool {
	names := map[string]bool{}
	for _, r := range t.Rollouts {
		names[r.Cluster] = true
	}
	return names
}

func (p *picture) rollout(r *timeline.Rollout, severalClusters bool) {
	title := strings.TrimSpace(r.Name + " " + r.Version)
	var more []string
	if r.ID != "" && r.ID != r.Name {
		more = append(more, r.ID)
	}
	if r.TraceID != "" {
		more = append(more, "trace "+r.TraceID)
	}
	if r.Cluster != "" && severalClusters {
		more = append(more, "cluster "+r.Cluster)
	}
	rest := ""
	if len(more) > 0 {
		rest = shortenEnd("  "+printable(strings.Join(more, "  ")), p.width-cells(title))
	}
	p.line("")
	p.line(p.style.paint(bold, shortenEnd(printable(title), p.width)) + p.style.paint(dim, rest))
	for _, pod := range r.Pods {
		p.row("  "+pod.Namespace+"/"+pod.Name, &pod.Row)
		p.reason(2, pod.Trouble(p.scale.location))
		for _, c := range pod.Containers {
			p.row("    "+containerName(c), &c.Row)
			p.reason(4, c.Trouble(p.scale.location))
		}
	}
}

func containerName(c *timeline.Container) string {
	if c.Type == "" || c.Type == "container" {
		return c.Name
	}
	return c.Name + " (" + c.Type + ")"
}

func longestName(t *timeline.Timeline) (n int) {
	for _, r := range t.Rollouts {
		for _, pod := range r.Pods {
			n = max(n, cells("  "+pod.Namespace+"/"+pod.Name))
			for _, c := range pod.Containers {
				n = max(n, cells("    "+containerName(c)))
			}
		}
	}
	return n
}

// row draws a row.
func (p *picture) row(name string, row *timeline.Row) {
	p.line(pad(shortenMiddle(printable(name), p.name), p.name) + " " + p.bar(row))
}

// reason writes why a row failed, in full.
func (p *picture) reason(indent int, trouble string) {
	if trouble == "" {
		return
	}
	hook := "└ "
	if p.style.ascii {
		hook = "` "
	}
	p.wrapped(strings.Repeat(" ", indent+2)+hook, p.style.text(trouble), red)
}

// wrapped writes a text in lines of the picture's width. The lines after the first one are indented.
func (p *picture) wrapped(first, text string, color color) {
	for i, line := range wrap(text, p.width-cells(first)) {
		if i > 0 {
			first = strings.Repeat(" ", cells(first))
		}
		p.line(first + p.style.paint(color, line))
	}
}

func (p *picture) legend() {
	var items []string
	for _, k := range timeline.Kinds() {
		if p.used.kinds[k] {
			items = append(items, p.style.paint(colorOf(k), p.style.glyph(k))+" "+k.String())
		}
	}
	for _, k := range timeline.MarkKinds() {
		if p.used.marks[k] {
			items = append(items, p.style.paint(markColor(k), p.style.mark(k))+" "+k.String())
		}
	}
	p.line("")
	line, width := "", 0
	for _, item := range items {
		n := cells(withoutColor(item))
		if width > 0 && width+2+n > p.width {
			p.line(line)
			line, width = "", 0
		}
		if width > 0 {
			line, width = line+"  ", width+2
		}
		line, width = line+item, width+n
	}
	p.line(line)
}
