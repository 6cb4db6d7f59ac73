// Package docblocks reads the fenced blocks of documentation pages, and runs the commands
// in them.
//
// A block of the language console has lines that begin with "$ ", which are commands, and
// below each the output that the page shows for it. A block with a title is a file:
//
//	```yaml title="config.yaml"
//
// A comment names the test that runs the blocks below it, up to the next such comment:
//
//	<!-- run by: TestPluginsPage -->
//	<!-- not run: needs a cluster of yours -->
package docblocks

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Block is a fenced block of a page.
type Block struct {
	Line     int    // of its first fence
	Section  string // the heading of the second level above it
	Language string
	Title    string // a file's name
	Claim    string // the text of the comment about who runs it, such as "run by: make e2e"
	Text     string
}

// Read returns the blocks of a page in a file.
func Read(tb testing.TB, path string) []Block {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	blocks, err := Parse(string(b))
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return blocks
}

var (
	fence = regexp.MustCompile("^```([a-z]*)(?: title=\"([^\"]+)\")?\n$")
	claim = regexp.MustCompile(`^<!-- ((?:not )?run.*) -->\s*$`)
)

// Parse returns the blocks of a page.
func Parse(page string) (blocks []Block, err error) {
	var next Block
	open, number := false, 0
	for line := range strings.Lines(page) {
		number++
		if open {
			if line == "```\n" {
				blocks, open = append(blocks, next), false
			} else {
				next.Text += line
			}
			continue
		}
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			next.Section = strings.TrimSpace(heading)
		} else if m := claim.FindStringSubmatch(line); m != nil {
			next.Claim = m[1]
		} else if m := fence.FindStringSubmatch(line); m != nil {
			next.Line, next.Language, next.Title, next.Text, open = number, m[1], m[2], "", true
		} else if strings.HasPrefix(line, "```") {
			return nil, fmt.Errorf("line %d: not the begin of a block: %s", number, strings.TrimSpace(line))
		}
	}
	if open {
		return nil, fmt.Errorf("line %d: the block does not end", next.Line)
	}
	return blocks, nil
}

// Step is one thing that a reader does who follows the page: write a file or run a command.
type Step struct {
	Block   Block  // the block that it is from
	File    string // the file to write, with the text of the block; empty: a command
	Command string // without "$ " and newline
	Want    string // the output that the page shows; empty: any
}

// String returns the step as a failure message shows it.
func (s Step) String() string {
	if s.File != "" {
		return fmt.Sprintf("line %d: file %s", s.Block.Line, s.File)
	}
	return fmt.Sprintf("line %d: $ %s", s.Block.Line, s.Command)
}

// Steps returns what a reader does who follows the blocks.
func Steps(tb testing.TB, blocks []Block) (steps []Step) {
	tb.Helper()
	for _, b := range blocks {
		if b.Title != "" {
			steps = append(steps, Step{Block: b, File: b.Title})
		}
		if b.Language != "console" {
			continue
		}
		if !strings.HasPrefix(b.Text, "$ ") {
			tb.Fatalf("line %d: the block does not begin with a command", b.Line)
		}
		for line := range strings.Lines(b.Text) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, Step{Block: b, Command: strings.TrimSuffix(command, "\n")})
			} else {
				steps[len(steps)-1].Want += line
			}
		}
	}
	return steps
}
