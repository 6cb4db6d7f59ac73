package app

import (
	"errors"
	"slices"
)

// closers are the close functions of opened parts, in the order of opening.
type closers []func() error

func (c *closers) push(closer func() error) { *c = append(*c, closer) }

// close closes the parts, the last one first.
func (c *closers) close() error {
	var errs []error
	for _, closer := range slices.Backward(*c) {
		errs = append(errs, closer())
	}
	*c = nil
	return errors.Join(errs...)
}
