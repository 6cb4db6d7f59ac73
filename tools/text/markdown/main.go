// Command markdown checks the Markdown files of the repository: structure by rules that are named as in
// markdownlint, and that relative links and their anchors lead somewhere. It uses no network.
//
//	go -C tools/text run ./markdown [-root ../..]
//
// The exit status is 1 if a file breaks a rule.
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	root := flag.String("root", "../..", "root of the repository")
	flag.Parse()

	pages, err := readAll(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "markdown:", err)
		os.Exit(2)
	}
	findings := check(*root, pages)
	for _, f := range findings {
		fmt.Println(f)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
	fmt.Printf("markdown: %d files, no finding\n", len(pages))
}

// finding is a broken rule.
type finding struct {
	path string
	line int
	rule string
	text string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s %s", f.path, f.line, f.rule, f.text)
}

// readAll returns the pages below root by their slash-separated paths.
func readAll(root string) (map[string]*page, error) {
	pages := make(map[string]*page)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && skipped(d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		pages[rel] = parse(rel, text)
		return nil
	})
	return pages, err
}

func skipped(folder string) bool {
	switch folder {
	case "testdata", "bin", "dist", "node_modules":
		return true
	}
	return strings.HasPrefix(folder, ".") && folder != ".github"
}

// check returns the findings of all pages, in order.
func check(root string, pages map[string]*page) []finding {
	var all []finding
	for _, p := range pages {
		all = append(all, p.checkLines()...)
		all = append(all, p.checkHeadings()...)
		all = append(all, p.checkLinks(root, pages)...)
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if a.path != b.path {
			return a.path < b.path
		}
		return a.line < b.line
	})
	return all
}
