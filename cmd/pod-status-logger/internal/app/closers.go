package app

import (
	"errors"
	"slices"
)

// closers are the close functions of opened parts, in the order of opening.
type closers []func() error

func (c *closers) push(close func() error) { *c = append(*c, close) }

// close closes the parts, the last one first.
func (c *closers) close() error {
	var errs []error
	for _, close := range slices.Backward(*c) {
		errs = append(errs, close())
	}
	*c = nil
	return errors.Join(errs...)
}
