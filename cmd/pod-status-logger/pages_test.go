package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/pod-status-logger/pod-status-logger/test/docblocks"
)

// pages returns the paths of the Markdown pages in the repository.
func pages(t *testing.T) (found []string) {
	t.Helper()
	files(t, func(path string) {
		if strings.HasSuffix(path, ".md") {
			found = append(found, path)
		}
	})
	if len(found) < 15 {
		t.Fatalf("there are %d pages, want more", len(found))
	}
	return found
}

func files(t *testing.T, visit func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "testdata", "node_modules"}, d.Name()) {
			return filepath.SkipDir
		}
		if !d.IsDir() {
			visit(strings.TrimPrefix(path, root))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLinks: the targets of links within the repository exist, with their headings, and
// so do images.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#: ]*)(?:#([^) ]+))?\)|(?:src|href)="([^":#]+)"`)
	checked := 0
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(withoutCode(readDoc(t, page)), -1) {
			target, anchor := m[1]+m[3], m[2]
			path := page
			if target != "" {
				path = filepath.Join(filepath.Dir(page), target)
			}
			checked++
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target)
			} else if anchor != "" && strings.HasSuffix(path, ".md") && !slices.Contains(anchorsOf(readDoc(t, path)), anchor) {
				t.Errorf("%s links to %s#%s: that page has no such heading", page, target, anchor)
			}
		}
	}
	if checked < 35 {
		t.Errorf("found %d links, want more", checked)
	}
}

// withoutCode removes fenced blocks and inline code.
func withoutCode(page string) string {
	page = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(page, "")
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(page, "code")
}

// anchorsOf returns the anchors that GitHub gives to headings.
func anchorsOf(page string) (anchors []string) {
	page = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(page, "")
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		anchors = append(anchors, strings.Map(func(c rune) rune {
			switch {
			case c == ' ':
				return '-'
			case unicode.IsLetter(c), unicode.IsDigit(c), c == '-', c == '_':
				return unicode.ToLower(c)
			}
			return -1
		}, m[1]))
	}
	return anchors
}

// TestCommandsAreRun: a test runs each command in the documentation. The comment before
// a block names it, and is valid up to the next comment:
//
//	<!-- run by: TestDeliveryPage -->           a Go test, in a file that names the page
//	<!-- run by: make helm-test -->             a target of the Makefile
//	<!-- not run: needs a cluster of yours -->  by none, and why
func TestCommandsAreRun(t *testing.T) {
	targets, tests := readDoc(t, "Makefile"), testFiles(t)
	for _, page := range pages(t) {
		if !strings.HasPrefix(page, "docs/") && page != "README.md" {
			continue
		}
		for _, b := range docblocks.Read(t, root+page) {
			if b.Language != "console" {
				continue
			}
			test, isTest := strings.CutPrefix(b.Claim, "run by: Test")
			target, isTarget := strings.CutPrefix(b.Claim, "run by: make ")
			switch {
			case isTest && slices.ContainsFunc(tests, func(file string) bool {
				return strings.Contains(file, "func Test"+test+"(t *testing.T)") && strings.Contains(file, page)
			}):
			case isTarget && strings.Contains(targets, "\n"+target+":"):
			case strings.HasPrefix(b.Claim, "not run: "):
			default:
				t.Errorf("%s:%d: no test runs these commands; the comment before them says %q", page, b.Line, b.Claim)
			}
		}
	}
}

// testFiles returns the sources of all tests in all modules.
func testFiles(t *testing.T) (sources []string) {
	t.Helper()
	files(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			sources = append(sources, readDoc(t, path))
		}
	})
	return sources
}
