package main

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxLine is the longest line of prose. Tables, code, headings and lines that can't be broken may be longer.
const maxLine = 100

var (
	fence    = regexp.MustCompile("^\\s*(```+|~~~+)(.*)$")
	listItem = regexp.MustCompile(`^\s*(?:[-*]|\d+\.) `)
)

// checkLines checks the rules for lines. Code is exempt from most of them.
func (p *page) checkLines() (all []finding) {
	report := func(i int, rule, text string) { all = append(all, finding{p.path, i + 1, rule, text}) }
	open := ""
	for i, line := range p.lines {
		m := fence.FindStringSubmatch(line)
		switch {
		case open != "":
			if m != nil && strings.HasPrefix(m[1], open) && strings.TrimSpace(m[2]) == "" {
				open = ""
				if p.text(i+1) != "" {
					report(i, "MD031", "add a blank line below the code block")
				}
			}
			continue
		case m != nil:
			open = m[1]
			if strings.TrimSpace(m[2]) == "" {
				report(i, "MD040", "name the language of the code block")
			}
			if before := p.text(i - 1); before != "" && !strings.HasPrefix(before, "<!--") {
				report(i, "MD031", "add a blank line above the code block")
			}
			continue
		}
		if rule, text := checkLine(line); rule != "" {
			report(i, rule, text)
		}
		if line == "" && i > 0 && p.lines[i-1] == "" && i < len(p.lines)-1 {
			report(i, "MD012", "remove the second blank line")
		}
		if listItem.MatchString(line) && !strings.HasPrefix(line, " ") && p.isProse(i-1) {
			report(i, "MD032", "add a blank line above the list")
		}
	}
	if n := len(p.lines); p.text(n-1) != "" || n > 1 && p.lines[n-2] == "" {
		report(n-1, "MD047", "end the file with one newline")
	}
	return all
}

func checkLine(line string) (rule, text string) {
	switch {
	case strings.TrimRight(line, " \t") != line:
		return "MD009", "remove spaces at the end of the line"
	case strings.Contains(line, "\t"):
		return "MD010", "replace the tab"
	case strings.HasPrefix(line, "|"), strings.HasPrefix(line, "#"), strings.HasPrefix(line, "<!--"),
		strings.HasPrefix(line, "    "):
		return "", ""
	case utf8.RuneCountInString(line) > maxLine && breakable(line):
		return "MD013", fmt.Sprintf("wrap the line of %d characters at %d", utf8.RuneCountInString(line), maxLine)
	}
	return "", ""
}

// breakable reports whether a line has a space within its limit, after the marker of a list.
func breakable(line string) bool {
	rest := listItem.ReplaceAllString(line, "")
	return strings.Contains(strings.TrimSpace(rest), " ")
}

// text returns a line without spaces around it, "" outside the page.
func (p *page) text(i int) string {
	if i < 0 || i >= len(p.lines) {
		return ""
	}
	return strings.TrimSpace(p.lines[i])
}

// isProse reports whether a line is part of a paragraph that is not in a list.
func (p *page) isProse(i int) bool {
	line := p.text(i)
	if line == "" || strings.HasPrefix(p.lines[i], " ") || strings.HasPrefix(line, "<!--") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "|") {
		return false
	}
	for ; i >= 0 && p.text(i) != ""; i-- {
		if listItem.MatchString(p.lines[i]) {
			return false
		}
	}
	return true
}

// checkHeadings checks the outline of the page.
func (p *page) checkHeadings() (all []finding) {
	report := func(h heading, rule, text string) {
		all = append(all, finding{p.path, h.line, rule, fmt.Sprintf("%s: %q", text, h.text)})
	}
	if len(p.headings) == 0 || p.headings[0].line != 1 || p.headings[0].level != 1 {
		if !strings.HasPrefix(p.path, ".github/") {
			all = append(all, finding{p.path, 1, "MD041", "begin the page with a heading of level 1"})
		}
	}
	seen := make(map[string]bool)
	var outline [7]string
	for i, h := range p.headings {
		outline[h.level] = h.text
		key := strings.Join(outline[:h.level+1], "\n")
		switch {
		case i > 0 && h.level == 1:
			report(h, "MD025", "use one heading of level 1")
		case i > 0 && h.level > p.headings[i-1].level+1:
			report(h, "MD001", "go down one level at a time")
		case seen[key]:
			report(h, "MD024", "name the heading differently from the one before")
		}
		seen[key] = true
		if p.text(h.line) != "" || i > 0 && p.text(h.line-2) != "" {
			report(h, "MD022", "add a blank line above and below the heading")
		}
	}
	return all
}

// checkLinks checks that relative links lead to files and anchors that exist, and that URLs have brackets.
func (p *page) checkLinks(root string, pages map[string]*page) (all []finding) {
	for _, l := range p.links {
		report := func(rule, text string) { all = append(all, finding{p.path, l.line, rule, text + ": " + l.target}) }
		if l.bare {
			report("MD034", "put the URL in angle brackets")
		}
		u, err := url.Parse(l.target)
		if err != nil {
			report("links", "invalid URL")
			continue
		}
		if u.Scheme != "" || u.Host != "" {
			continue
		}
		target := p.path
		if u.Path != "" {
			target = path.Join(path.Dir(p.path), u.Path)
		}
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
			report("links", "no such file")
			continue
		}
		if to := pages[target]; u.Fragment != "" && (to == nil || !to.anchors[u.Fragment]) {
			report("MD051", "no such anchor")
		}
	}
	return all
}
