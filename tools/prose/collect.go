package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// collect returns the texts below root by name.
func collect(root string) (map[string]*text, error) {
	texts := make(map[string]*text)
	of := func(name string) *text {
		if texts[name] == nil {
			texts[name] = new(text)
		}
		return texts[name]
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(root, path, d.Name())
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return read(path, filepath.ToSlash(rel), of)
	})
	return texts, err
}

func skipFolder(root, path, name string) error {
	switch {
	case path == root:
		return nil
	case strings.HasPrefix(name, ".") &&
		name != ".github", name == "testdata", name == "bin", name == "node_modules", name == "dist":
		return filepath.SkipDir
	}
	return nil
}

func read(path, rel string, of func(string) *text) error {
	switch {
	case strings.HasSuffix(rel, ".pb.go"):
		return nil
	case strings.HasSuffix(rel, ".go"):
		return readGo(path, rel, of)
	case strings.HasSuffix(rel, ".md"):
		return readMarkdown(path, of(rel))
	case strings.HasSuffix(rel, ".proto"):
		return readProto(path, of(rel))
	}
	return nil
}

// directive is a comment for a tool.
var directive = regexp.MustCompile(`^(?:[a-z]+:|nolint|\+build)`)

// readGo adds a file's comments to its package's, and those string literals that read as prose.
// Strings of tests are for developers who see them next to the code.
func readGo(path, rel string, of func(string) *text) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	folder := filepath.ToSlash(filepath.Dir(rel))
	comments := of(folder + " (comments)")
	for _, group := range file.Comments {
		addComment(comments, group)
	}
	if strings.HasSuffix(rel, "_test.go") {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if s, err := strconv.Unquote(lit.Value); err == nil && len(word.FindAllString(s, -1)) >= 4 &&
			strings.Contains(s, " ") {
			addLines(of(folder+" (strings)"), s)
		}
		return true
	})
	return nil
}

func addComment(t *text, group *ast.CommentGroup) {
	if len(group.List) == 1 && directive.MatchString(strings.TrimPrefix(group.List[0].Text, "//")) {
		return
	}
	addLines(t, group.Text())
}

// addLines splits text at blank lines. Indented lines are code, as in godoc.
func addLines(t *text, s string) {
	var paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			t.paragraphs = append(t.paragraphs, strings.Join(paragraph, " "))
		}
		paragraph = nil
	}
	for _, line := range strings.Split(s, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			flush()
		case strings.HasPrefix(line, "\t"), strings.HasPrefix(line, "    "):
			flush()
		case listItem.MatchString(line):
			flush()
			paragraph = append(paragraph, listItem.ReplaceAllString(line, ""))
		default:
			paragraph = append(paragraph, strings.TrimSpace(line))
		}
	}
	flush()
}

func readProto(path string, t *text) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var lines []string
	for _, line := range strings.Split(string(data), "\n") {
		if comment, ok := strings.CutPrefix(strings.TrimSpace(line), "//"); ok {
			lines = append(lines, strings.TrimPrefix(comment, " "))
			continue
		}
		addLines(t, strings.Join(lines, "\n"))
		lines = nil
	}
	addLines(t, strings.Join(lines, "\n"))
	return nil
}

var (
	fence    = regexp.MustCompile("^ {0,3}(```|~~~)")
	listItem = regexp.MustCompile(`^ {0,3}(?:[-*]|\d+\.) +`)
	heading  = regexp.MustCompile(`^#+ `)
	codeSpan = regexp.MustCompile("`[^`]*`")
	comment  = regexp.MustCompile(`(?s)<!--.*?-->`)
	link     = regexp.MustCompile(`\]\([^)]*\)`)
)

// readMarkdown adds a page's prose: no code blocks; tables and headings as fragments.
func readMarkdown(path string, t *text) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	page := comment.ReplaceAllString(string(data), "")
	var prose []string
	fenced := false
	for _, line := range strings.Split(page, "\n") {
		line = strings.TrimPrefix(line, "> ")
		if fence.MatchString(line) {
			fenced = !fenced
			prose = append(prose, "")
			continue
		}
		if fenced {
			continue
		}
		line = link.ReplaceAllString(codeSpan.ReplaceAllString(line, "code"), "]")
		switch {
		case strings.HasPrefix(line, "|"):
			for _, cell := range strings.Split(line, "|") {
				t.fragments = append(t.fragments, cell)
			}
			prose = append(prose, "")
		case heading.MatchString(line):
			t.fragments = append(t.fragments, line)
			prose = append(prose, "")
		case strings.HasPrefix(line, "    ") && !listItem.MatchString(strings.TrimLeft(line, " ")):
			prose = append(prose, strings.TrimLeft(line, " "))
		default:
			prose = append(prose, line)
		}
	}
	addLines(t, strings.Join(prose, "\n"))
	return nil
}
