// Command prose measures three habits that make English read as a translation, and the length of
// sentences: per page for Markdown, per package for Go comments and for strings that people read,
// per file for proto comments. CONTRIBUTING.md has the limits and the reasons.
//
//	go -C tools run ./prose [-root ..] [-all] [-v] [part of a path ...]
//
// It prints the texts that are over a limit, -all prints all of them, and -v also each match. The exit
// status is 1 if a text is over a limit.
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
)

func main() {
	root := flag.String("root", "..", "root of the repository")
	all := flag.Bool("all", false, "print all texts, not only those over a limit")
	verbose := flag.Bool("v", false, "print each match")
	flag.Parse()

	texts, err := collect(*root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "prose:", err)
		os.Exit(2)
	}
	if over := report(texts, flag.Args(), *all, *verbose); over > 0 {
		fmt.Printf("prose: %d of %d texts are over a limit\n", over, len(texts))
		os.Exit(1)
	}
	fmt.Printf("prose: %d texts were measured, none is over a limit\n", len(texts))
}

// report prints a row per text whose name contains one of the parts, and returns how many are over a limit.
func report(texts map[string]*text, parts []string, all, verbose bool) (over int) {
	names := make([]string, 0, len(texts))
	for name := range texts {
		if selected(name, parts) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	const head = "%-58s %7s %6s %6s %6s %9s\n"
	if all {
		fmt.Printf(head, "text", "words", "what", "tell", "where", "sentence")
	}
	for _, name := range names {
		m := texts[name].measure()
		mark := ""
		if m.over() {
			over++
			mark = "  over"
		} else if !all {
			continue
		}
		fmt.Printf("%-58s %7d %6.1f %6.1f %6.1f %9.1f%s\n", name, m.words, m.perThousand(m.what), m.perThousand(m.tell),
			m.perThousand(m.where), m.sentence(), mark)
		if verbose {
			for _, hit := range m.hits {
				fmt.Println("   ", hit)
			}
		}
	}
	return over
}

func selected(name string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(name, p) {
			return true
		}
	}
	return len(parts) == 0
}
