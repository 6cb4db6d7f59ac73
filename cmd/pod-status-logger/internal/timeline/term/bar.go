package term

import (
	"strings"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// eighths is the number of parts of a cell: terminals have characters for them.
const eighths = 8

// leftBlocks are the characters for a cell that is filled from the left, by eighths.
const leftBlocks = " ▏▎▍▌▋▊▉█"

// bar draws the intervals of a row, and its marks above them.
func (p *picture) bar(row *timeline.Row) string {
	parts := p.parts(row)
	marks := p.marks(row)
	var b strings.Builder
	for i := range p.scale.cells {
		if kind := marks[i]; kind != 0 {
			b.WriteString(p.style.paint(markColor(kind), p.style.mark(kind)))
			continue
		}
		b.WriteString(p.cell(parts[i*eighths : (i+1)*eighths]))
	}
	return b.String()
}

// parts returns the kind of each part of each cell. An interval has at least one part, unless a later one needs it.
func (p *picture) parts(row *timeline.Row) []timeline.Kind {
	parts := make([]timeline.Kind, p.scale.cells*eighths)
	for i := range row.Intervals {
		interval := &row.Intervals[i]
		if interval.End.Before(p.scale.start) || interval.Start.After(p.scale.end) {
			continue
		}
		p.used.kinds[interval.Kind] = true
		from, to := p.scale.part(interval.Start), p.scale.part(interval.End)
		for at := from; at < min(max(to, from+1), len(parts)); at++ {
			parts[at] = interval.Kind
		}
	}
	return parts
}

// marks returns the gravest mark of each cell.
func (p *picture) marks(row *timeline.Row) []timeline.MarkKind {
	marks := make([]timeline.MarkKind, p.scale.cells)
	for i := range row.Marks {
		m := &row.Marks[i]
		if m.At.Before(p.scale.start) || m.At.After(p.scale.end) {
			continue
		}
		p.used.marks[m.Kind] = true
		at := min(p.scale.part(m.At)/eighths, len(marks)-1)
		if marks[at] == 0 || m.Kind < marks[at] {
			marks[at] = m.Kind
		}
	}
	return marks
}

// cell returns the character for the parts of a cell.
func (p *picture) cell(parts []timeline.Kind) string {
	first, n := parts[0], 1
	for n < len(parts) && parts[n] == first {
		n++
	}
	if n == len(parts) {
		return p.glyph(first)
	}
	second, uniform := parts[n], true
	for _, k := range parts[n:] {
		uniform = uniform && k == second
	}
	if uniform && !p.style.ascii && first != 0 && (p.style.color || first == timeline.Ready && second == 0) {
		return p.twoKinds(first, second, n)
	}
	return p.glyph(mostImportant(parts))
}

func (p *picture) glyph(k timeline.Kind) string { return p.style.paint(colorOf(k), p.style.glyph(k)) }

// twoKinds returns a cell whose first n parts are of one kind and whose others are of a second one, 0 if there is none.
func (p *picture) twoKinds(first, second timeline.Kind, n int) string {
	block := string([]rune(leftBlocks)[n])
	if second == 0 {
		return p.style.paint(colorOf(first), block)
	}
	if colorOf(first) == colorOf(second) {
		return p.glyph(second)
	}
	return p.style.paint(colorOf(first)+";"+background(colorOf(second)), block)
}

// mostImportant returns the kind that must not go unseen: trouble, or else the one with most parts.
func mostImportant(parts []timeline.Kind) timeline.Kind {
	count := map[timeline.Kind]int{}
	best := timeline.Kind(0)
	for _, k := range parts {
		if k.IsTrouble() {
			return k
		}
		count[k]++
		if k != 0 && (best == 0 || count[k] > count[best]) {
			best = k
		}
	}
	return best
}
