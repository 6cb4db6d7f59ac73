package config

// UsageError is a mistake in a flag, an environment variable, an argument or
// the configuration: nothing was done.
type UsageError struct{ error }

func (e *UsageError) Unwrap() error { return e.error }

// Usage marks an error as a mistake of the user; nil stays nil.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return &UsageError{err}
}
