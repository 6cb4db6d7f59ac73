package config

// UsageError is an error in a flag, an environment variable, an argument or the
// configuration, found before anything was done.
type UsageError struct{ error }

func (e *UsageError) Unwrap() error { return e.error }

// Usage marks an error as one of usage. It returns nil for nil.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return &UsageError{err}
}
