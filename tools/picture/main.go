// Command picture reads a terminal's output with ANSI colours from stdin and writes it to stdout as an
// SVG image, for the README. `make pictures` runs it.
package main

import (
	"bufio"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	charWidth, lineHeight, fontSize, margin = 7.8, 18, 13, 14
	foreground, background                  = "#d4d4d4", "#1e1e1e"
)

// colorOf returns a color of the program's pretty format, by the parameter of the escape sequence.
func colorOf(parameter string) string {
	return map[string]string{
		"2": "#8a8a8a", "31": "#f48771", "32": "#89d185", "33": "#e2c08d", "36": "#6cb6ff",
	}[parameter]
}

var escape = regexp.MustCompile("\x1b\\[([0-9;]*)m")

func main() {
	title := "pod-status-logger"
	if len(os.Args) > 1 {
		title = os.Args[1]
	}
	var lines []string
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		lines = append(lines, strings.TrimRight(in.Text(), "\r"))
	}
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
	fmt.Print(draw(title, lines))
}

// draw returns the lines as an SVG image with a title for screen readers.
func draw(title string, lines []string) string {
	columns := 0
	for _, line := range lines {
		columns = max(columns, utf8.RuneCountInString(escape.ReplaceAllString(line, "")))
	}
	width, height := 2*margin+charWidth*float64(columns), 2*margin+lineHeight*len(lines)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 %.0f %d">`+"\n<title>%s</title>\n",
		width, height, html.EscapeString(title))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", background)
	fmt.Fprintf(&b, `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="%d" fill="%s">`+"\n",
		fontSize, foreground)
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", margin, margin+lineHeight*i+fontSize, spans(line))
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// spans returns the line as text with a coloured span for each escape sequence. Spaces become no-break
// spaces, since SVG collapses runs of others.
func spans(line string) string {
	line = strings.ReplaceAll(line, " ", "\u00a0")
	var b strings.Builder
	color := ""
	write := func(s string) {
		if s == "" {
			return
		}
		if color == "" {
			b.WriteString(html.EscapeString(s))
			return
		}
		fmt.Fprintf(&b, `<tspan fill="%s">%s</tspan>`, color, html.EscapeString(s))
	}
	at := 0
	for _, m := range escape.FindAllStringSubmatchIndex(line, -1) {
		write(line[at:m[0]])
		color, at = colorOf(line[m[2]:m[3]]), m[1]
	}
	write(line[at:])
	return b.String()
}
