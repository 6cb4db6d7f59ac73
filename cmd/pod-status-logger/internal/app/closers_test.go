package app

import (
	"errors"
	"slices"
	"testing"
)

// TestClosers: all parts are closed, the last opened one first, whatever fails.
func TestClosers(t *testing.T) {
	var c closers
	var closed []string
	part := func(name string, err error) {
		c.push(func() error { closed = append(closed, name); return err })
	}
	first, third := errors.New("first"), errors.New("third")
	part("journal", first)
	part("plugins", nil)
	part("server", third)
	if err := c.close(); !errors.Is(err, first) || !errors.Is(err, third) {
		t.Errorf("error %v, want both", err)
	}
	if want := []string{"server", "plugins", "journal"}; !slices.Equal(closed, want) {
		t.Errorf("closed %v, want %v", closed, want)
	}
	if err := c.close(); err != nil || len(closed) != 3 {
		t.Errorf("closed again: %v, %v", closed, err)
	}
}
