package report

import (
	"fmt"
	"os"
	"strings"
)

// The text between these lines of a page is generated.
const (
	Begin = "<!-- make bench writes what follows -->"
	End   = "<!-- make bench wrote what precedes -->"
)

// Update puts text between the markers of a page.
func Update(path, text string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	before, rest, ok := strings.Cut(string(page), Begin+"\n")
	_, after, closed := strings.Cut(rest, End+"\n")
	if !ok || !closed {
		return fmt.Errorf("update %s: want the lines %q and %q", path, Begin, End)
	}
	page = []byte(before + Begin + "\n" + text + End + "\n" + after)
	if err := os.WriteFile(path, page, 0o644); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}
