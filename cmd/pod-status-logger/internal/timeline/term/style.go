package term

import "github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"

// color is the parameter of ANSI's escape sequence for a foreground. Those of kinds have a background, too.
type color string

const (
	bold   color = "1"
	gray   color = "90"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
	cyan   color = "36"
	dim          = gray
)

const escape, reset = "\x1b[", "\x1b[0m"

// style is how the terminal shows kinds. Each kind has a shape of its own, so that no color is needed.
type style struct{ color, ascii bool }

func (s style) paint(c color, text string) string {
	if !s.color || c == "" || text == "" {
		return text
	}
	return escape + string(c) + "m" + text + reset
}

// glyph returns the character of a kind.
func (s style) glyph(k timeline.Kind) string {
	unicode, ascii := " ", " "
	switch k {
	case timeline.Pending:
		unicode, ascii = "·", "."
	case timeline.Starting:
		unicode, ascii = "░", ":"
	case timeline.Running:
		unicode, ascii = "▒", "+"
	case timeline.Ready:
		unicode, ascii = "█", "#"
	case timeline.Done:
		unicode, ascii = "─", "-"
	case timeline.BackOff:
		unicode, ascii = "~", "~"
	case timeline.Stuck:
		unicode, ascii = "▞", "%"
	case timeline.Failed:
		unicode, ascii = "▄", "_"
	case timeline.Ending:
		unicode, ascii = "▔", "^"
	}
	if s.ascii {
		return ascii
	}
	return unicode
}

// mark returns the character of a mark.
func (s style) mark(k timeline.MarkKind) string {
	switch k {
	case timeline.Failure:
		if s.ascii {
			return "x"
		}
		return "×"
	case timeline.Disruption:
		if s.ascii {
			return "v"
		}
		return "▼"
	}
	return "!"
}

func colorOf(k timeline.Kind) color {
	switch k {
	case timeline.Ready:
		return green
	case timeline.Running:
		return cyan
	case timeline.BackOff:
		return yellow
	case timeline.Stuck, timeline.Failed:
		return red
	}
	return gray
}

func markColor(k timeline.MarkKind) color {
	if k == timeline.Failure {
		return red
	}
	return yellow
}

// background returns the parameter for the same color as a background.
func background(c color) color {
	if c == gray {
		return "100"
	}
	return "4" + c[1:]
}
