package develop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

const (
	usualWidth = 120
	least      = 60
)

// view shows records on the left, the plugin's patches on the right, and its log between them.
type view struct {
	prefix func() string

	mu    sync.Mutex
	out   io.Writer
	left  int // columns
	right int
}

func newView(out io.Writer, width int, prefix func() string) *view {
	width = max(cmp.Or(width, usualWidth), least)
	left := width / 2
	return &view{out: out, left: left, right: width - left - len(between), prefix: prefix}
}

const between = " | "

// record shows a record, given as a line of JSON.
func (v *view) record(line []byte) {
	var fields map[string]any
	if json.Unmarshal(line, &fields) != nil {
		return
	}
	left := fmt.Sprint(fields["msg"])
	var right []string
	prefix := v.prefix()
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		switch {
		case strings.HasPrefix(key, prefix):
			right = append(right, fmt.Sprintf("%s = %v", key, fields[key]))
		case key == "trace_id":
			right = append(right, fmt.Sprintf("trace %v", fields[key]))
		case key == "enrichment":
			right = append(right, fmt.Sprintf("FAILS %v", fields[key]))
		}
	}
	if len(right) == 0 {
		right = []string{"(nothing)"}
	}
	v.rows(wrap(left, v.left), right)
}

// rows writes two columns.
func (v *view) rows(left, right []string) {
	var wrapped []string
	for _, text := range right {
		wrapped = append(wrapped, wrap(text, v.right)...)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range max(len(left), len(wrapped)) {
		l, r := at(left, i), at(wrapped, i)
		_, _ = fmt.Fprintf(v.out, "%s%s%s%s\n", l, strings.Repeat(" ", v.left-utf8.RuneCountInString(l)), between, r)
	}
}

// logged shows a line of the log, and texts of several lines below it.
func (v *view) logged(level, message string, texts []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, _ = fmt.Fprintf(v.out, "log %-5s %s\n", level, printable(message))
	for _, text := range texts {
		for line := range strings.Lines(text) {
			_, _ = fmt.Fprintf(v.out, "          %s\n", printable(strings.TrimRight(line, "\r\n")))
		}
	}
}

// note shows a line about the plugin's run.
func (v *view) note(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, _ = fmt.Fprintf(v.out, "--- %s\n", printable(text))
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap cuts a text into lines of so many characters.
func wrap(text string, width int) (lines []string) {
	runes := []rune(printable(text))
	for len(runes) > width {
		cut := width
		for i := width; i > width/2; i-- {
			if runes[i] == ' ' {
				cut = i
				break
			}
		}
		lines = append(lines, string(runes[:cut]))
		runes = []rune(strings.TrimPrefix(string(runes[cut:]), " "))
	}
	return append(lines, string(runes))
}

// printable replaces characters that would steer a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}
