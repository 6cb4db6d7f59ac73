package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// page is a parsed Markdown file.
type page struct {
	path     string
	lines    []string
	headings []heading
	links    []link
	anchors  map[string]bool
}

type heading struct {
	line, level int
	text        string
}

type link struct {
	line   int
	target string
	bare   bool // a URL without angle brackets
}

func parse(path string, source []byte) *page {
	p := &page{path: path, lines: strings.Split(string(source), "\n"), anchors: make(map[string]bool)}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	// Walk fails only if its function does.
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			p.add(n, source)
		}
		return ast.WalkContinue, nil
	})
	return p
}

func (p *page) add(n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Heading:
		h := heading{line: lineOf(n, source), level: n.Level, text: textOf(n, source)}
		p.headings = append(p.headings, h)
		p.anchors[p.newAnchor(h.text)] = true
	case *ast.Link:
		p.links = append(p.links, link{line: lineOf(n, source), target: string(n.Destination)})
	case *ast.Image:
		p.links = append(p.links, link{line: lineOf(n, source), target: string(n.Destination)})
	case *ast.AutoLink:
		target := string(n.URL(source))
		bare := !bytes.Contains(source, []byte("<"+target+">"))
		p.links = append(p.links, link{line: lineOf(n, source), target: target, bare: bare})
	}
}

// newAnchor returns the anchor that GitHub gives a heading of this text.
func (p *page) newAnchor(title string) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(title))
	anchor := slug
	for n := 1; p.anchors[anchor]; n++ {
		anchor = fmt.Sprintf("%s-%d", slug, n)
	}
	return anchor
}

// textOf returns the text of a node, without markup.
func textOf(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// lineOf returns the number of the line on which the block of a node begins.
func lineOf(n ast.Node, source []byte) int {
	for ; n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			return bytes.Count(source[:n.Lines().At(0).Start], []byte("\n")) + 1
		}
	}
	return 1
}
