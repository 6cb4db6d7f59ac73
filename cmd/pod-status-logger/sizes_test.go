package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Bounds of sizes in lines. .golangci.yml has those of a single function and a single line.
const (
	mostOfMain    = 300
	mostOfPackage = 2500
	medianFile    = 110
	largeFile     = 215 // the 90th percentile
	largeFunction = 22  // the 90th percentile
)

// TestSizes checks the sizes of hand-written code that is not a test, in all modules.
func TestSizes(t *testing.T) {
	packages, fileSizes, functionSizes := map[string]int{}, []int(nil), []int(nil)
	for _, path := range handWritten(t) {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, root+path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if ast.IsGenerated(file) {
			continue
		}
		lines := set.File(file.FileStart).LineCount()
		packages[filepath.Dir(path)] += lines
		fileSizes = append(fileSizes, lines)
		functionSizes = append(functionSizes, bodies(set, file)...)
	}
	for folder, lines := range packages {
		if lines > mostOfPackage {
			t.Errorf("%s has %d lines, want at most %d", folder, lines, mostOfPackage)
		}
	}
	for what, c := range map[string]struct{ lines, most int }{
		"the package main has":                     {packages[filepath.Clean(command)], mostOfMain},
		"the median of the files has":              {quantile(fileSizes, 50), medianFile},
		"the 90th percentile of the files has":     {quantile(fileSizes, 90), largeFile},
		"the 90th percentile of the functions has": {quantile(functionSizes, 90), largeFunction},
	} {
		t.Logf("%s %d lines", what, c.lines)
		if c.lines == 0 || c.lines > c.most {
			t.Errorf("%s %d lines, want at most %d", what, c.lines, c.most)
		}
	}
}

// handWritten returns the paths of the Go files that are not tests.
func handWritten(t *testing.T) (paths []string) {
	t.Helper()
	files(t, func(path string) {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			paths = append(paths, path)
		}
	})
	return paths
}

// bodies returns the sizes of the functions in a file, from the first line of each to the last.
func bodies(set *token.FileSet, file *ast.File) (sizes []int) {
	for _, declaration := range file.Decls {
		if f, ok := declaration.(*ast.FuncDecl); ok {
			sizes = append(sizes, set.Position(f.End()).Line-set.Position(f.Pos()).Line+1)
		}
	}
	return sizes
}

// quantile returns the size that so many percent of the sizes don't exceed.
func quantile(sizes []int, percent int) int {
	slices.Sort(sizes)
	return sizes[len(sizes)*percent/100]
}
