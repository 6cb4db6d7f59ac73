package main

import (
	"encoding/xml"
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	svg := draw("a <title>", []string{"plain \x1b[31mred & <bad>\x1b[0m end", "", "second"})
	if err := xml.Unmarshal([]byte(svg), new(struct{})); err != nil {
		t.Fatalf("no XML: %v\n%s", err, svg)
	}
	for _, want := range []string{
		"plain\u00a0<tspan fill=\"#f48771\">red\u00a0&amp;\u00a0&lt;bad&gt;</tspan>\u00a0end", "a &lt;title&gt;", "second",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q in\n%s", want, svg)
		}
	}
	if strings.Contains(svg, "\x1b") {
		t.Error("an escape sequence is left")
	}
}
