package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRules checks that each rule is reported for a page that breaks it, and only that rule.
func TestRules(t *testing.T) {
	long := strings.Repeat("word ", 25)
	for name, c := range map[string]struct{ page, rule string }{
		"good":                 {"# A\n\nText with a [link](other.md#b-c), `code` and <https://example.com>.\n\n- item\n", ""},
		"long lines elsewhere": {"# A\n\n| " + long + " |\n|---|\n\n```console\n$ " + long + "\n```\n", ""},
		"skipped level":        {"# A\n\n### B\n", "MD001"},
		"trailing spaces":      {"# A\n\ntext \n", "MD009"},
		"tab":                  {"# A\n\na\tb\n", "MD010"},
		"two blank lines":      {"# A\n\n\ntext\n", "MD012"},
		"long line":            {"# A\n\n" + strings.TrimSpace(long) + "\n", "MD013"},
		"crowded heading":      {"# A\n\ntext\n## B\n\n", "MD022"},
		"same heading":         {"# A\n\n## B\n\n## B\n", "MD024"},
		"two titles":           {"# A\n\n# B\n", "MD025"},
		"crowded code":         {"# A\n\ntext\n```console\n```\n", "MD031"},
		"crowded list":         {"# A\n\ntext\n- item\n", "MD032"},
		"bare URL":             {"# A\n\nSee https://example.com/a for more.\n", "MD034"},
		"no language":          {"# A\n\n```\ncode\n```\n", "MD040"},
		"no title":             {"text\n", "MD041"},
		"no end of line":       {"# A\n\ntext", "MD047"},
		"no file":              {"# A\n\n[link](missing.md)\n", "links"},
		"no anchor":            {"# A\n\n[link](other.md#c)\n", "MD051"},
		"no anchor here":       {"# A\n\n[link](#c)\n", "MD051"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for file, text := range map[string]string{"page.md": c.page, "other.md": "# Other\n\n## B, c\n"} {
				if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			pages, err := readAll(root)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range check(root, pages) {
				got = append(got, f.rule)
			}
			if c.rule == "" && len(got) > 0 || c.rule != "" && !slices.Contains(got, c.rule) {
				t.Errorf("got %v, want %q", got, c.rule)
			}
		})
	}
}
