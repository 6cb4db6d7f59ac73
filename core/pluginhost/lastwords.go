package pluginhost

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// lastWords are the last lines that a plugin printed on stderr, which explain its end.
type lastWords struct {
	mu    sync.Mutex
	lines []string // after a panic: the first lines from there on
}

const maxLastWords = 60 // lines; a report of an error in Python or Node.js is shorter

func isPanic(line string) bool {
	return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
}

// add remembers a line.
func (w *lastWords) add(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	panicked := len(w.lines) > 0 && isPanic(w.lines[0])
	switch {
	case isPanic(line):
		w.lines = append(w.lines[:0], line)
	case len(w.lines) < maxLastWords:
		w.lines = append(w.lines, line)
	case !panicked:
		w.lines = append(w.lines[1:], line)
	}
}

// take returns the last line or, if the plugin ended with an error that its interpreter or
// runtime reported in several lines, the error with its file and line. Lines are forgotten.
func (w *lastWords) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := w.lines
	w.lines = nil
	if len(lines) == 0 {
		return ""
	}
	for _, read := range []func([]string) (failure, place string){goPanic, pythonError, nodeError} {
		if failure, place := read(lines); failure != "" {
			if place != "" {
				failure += " (" + place + ")"
			}
			return failure
		}
	}
	return lines[len(lines)-1]
}

// goPanic reads a panic: its first line has the error, and calls follow, the innermost first.
func goPanic(lines []string) (failure, place string) {
	if !isPanic(lines[0]) {
		return "", ""
	}
	for _, line := range lines {
		if at, _, ok := strings.Cut(strings.TrimPrefix(line, "\t"), " +0x"); ok && strings.Contains(at, ".go:") {
			if place = cmp.Or(place, at); !isLibrary(at) {
				return lines[0], at
			}
		}
	}
	return lines[0], place
}

// pythonError reads a traceback: calls, the innermost last, and then the error.
func pythonError(lines []string) (failure, place string) {
	last := -1
	for i, line := range lines {
		if strings.HasPrefix(line, "Traceback (") {
			place = ""
		}
		at, ok := strings.CutPrefix(strings.TrimSpace(line), `File "`)
		file, rest, isPlace := strings.Cut(at, `", line `)
		if !ok || !isPlace {
			continue
		}
		last = i
		if number, _, _ := strings.Cut(rest, ","); place == "" || !isLibrary(file) {
			place = file + ":" + number
		}
	}
	if last < 0 {
		return "", ""
	}
	return unindented(lines[last:]), place
}

// nodeError reads an uncaught error: a place, the error, and calls, the innermost first.
func nodeError(lines []string) (failure, place string) {
	begin := slices.IndexFunc(lines, func(line string) bool { return placeOf(line) != "" })
	if begin < 0 {
		return "", ""
	}
	for i, line := range lines[begin:] {
		if name, _, _ := strings.Cut(line, ":"); !strings.HasPrefix(line, " ") && strings.Contains(name, "Error") {
			return line, cmp.Or(nodeCall(lines[begin+i:]), placeOf(lines[begin]))
		}
	}
	return "", ""
}

// nodeCall returns the place of the innermost call that is not in a library.
func nodeCall(lines []string) string {
	for _, line := range lines {
		at, ok := strings.CutPrefix(strings.TrimSuffix(strings.TrimSpace(line), " {"), "at ")
		if !ok {
			continue
		}
		at = strings.TrimSuffix(at[strings.LastIndexAny(at, "( ")+1:], ")")
		if i := strings.LastIndexByte(at, ':'); i > 0 && placeOf(at[:i]) != "" && !isLibrary(at) {
			return placeOf(at[:i])
		}
	}
	return ""
}

// placeOf returns a line that is the absolute path of a file and a number, or "".
func placeOf(line string) string {
	line = strings.TrimPrefix(line, "file://")
	i := strings.LastIndexByte(line, ':')
	if i < 1 || !filepath.IsAbs(line) && !strings.HasPrefix(line, "node:") ||
		i == len(line)-1 || strings.Trim(line[i+1:], "0123456789") != "" {
		return ""
	}
	return line
}

// isLibrary reports whether a file is no part of the plugin itself.
func isLibrary(path string) bool {
	return strings.HasPrefix(path, "<") || strings.HasPrefix(path, "node:") || strings.HasPrefix(path, "/usr/lib/") ||
		slices.ContainsFunc([]string{"/dist-packages/", "/site-packages/", "/node_modules/", "/src/runtime/"},
			func(part string) bool { return strings.Contains(path, part) })
}

// unindented returns the first line that is not indented, or "".
func unindented(lines []string) string {
	for _, line := range lines {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			return line
		}
	}
	return ""
}
