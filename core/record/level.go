package record

// Level is the severity of a record.
type Level uint8

// The levels in rising order.
const (
	LevelInfo Level = iota
	LevelWarning
	LevelError
)

// String returns the level as a line on stdout contains it: info, warning or error.
func (l Level) String() string {
	switch l {
	case LevelWarning:
		return "warning"
	case LevelError:
		return "error"
	}
	return "info"
}
