package timeline

// Kind is the kind of an interval: the state of a container, or of a pod as a whole.
type Kind uint8

// The kinds. The state of a pod is the worst state of its containers, once it is scheduled.
const (
	Pending  Kind = iota + 1 // the pod is not scheduled
	Starting                 // waits for its start, without a failure
	Running                  // runs, but is not ready
	Ready                    // runs and is ready
	Done                     // ended well, or was stopped
	BackOff                  // waits for another attempt after a failure
	Stuck                    // can't start
	Failed                   // ended with a failure
	Ending                   // the pod is being deleted
)

// Kinds returns all kinds, in the order of a legend.
func Kinds() []Kind {
	return []Kind{Pending, Starting, Running, Ready, Done, BackOff, Stuck, Failed, Ending}
}

// String returns the kind as legends name it.
func (k Kind) String() string {
	switch k {
	case Pending:
		return "not scheduled"
	case Starting:
		return "starting"
	case Running:
		return "running, not ready"
	case Ready:
		return "ready"
	case Done:
		return "ended"
	case BackOff:
		return "back-off"
	case Stuck:
		return "can't start"
	case Failed:
		return "failed"
	case Ending:
		return "being deleted"
	}
	return "unknown"
}

// IsTrouble reports whether the kind is a failure or its consequence.
func (k Kind) IsTrouble() bool { return k == BackOff || k == Stuck || k == Failed }

// badness orders the kinds of containers by how much they determine the state of their pod.
func (k Kind) badness() int {
	switch k {
	case Stuck:
		return 7
	case BackOff:
		return 6
	case Failed:
		return 5
	case Starting:
		return 4
	case Running:
		return 3
	case Ready:
		return 2
	case Done:
		return 1
	}
	return 0
}

// MarkKind is the kind of a mark: something that happened at one moment.
type MarkKind uint8

// The kinds of marks.
const (
	Failure    MarkKind = iota + 1 // a container or the pod failed
	Disruption                     // something disrupts the pod, such as an eviction
	Warning                        // a cause that Kubernetes reported, such as an Event
)

// MarkKinds returns all kinds of marks, in the order of a legend.
func MarkKinds() []MarkKind { return []MarkKind{Failure, Disruption, Warning} }

// String returns the kind as legends name it.
func (k MarkKind) String() string {
	switch k {
	case Failure:
		return "failure"
	case Disruption:
		return "disruption"
	case Warning:
		return "warning"
	}
	return "unknown"
}
