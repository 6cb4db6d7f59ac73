package record

// State is the state of a container or the summary state of a pod. The zero value
// means that the record has none.
type State uint8

// The states, named as in the product's contract. Error is the state of a container
// that waits for a reason that is an error.
const (
	Waiting State = iota + 1
	Running
	Error
	Terminated
)

// String returns the state as a record contains it: waiting, running, error or terminated.
func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Running:
		return "running"
	case Error:
		return "error"
	case Terminated:
		return "terminated"
	}
	return ""
}
