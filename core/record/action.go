package record

// Action is what happened to the pod.
type Action uint8

// The actions. Only an [Update] has a [State]. An [Event] record repeats a Kubernetes
// Event about a pod or about an object that owns pods. A [WorkloadChange] record reports a
// change of a rollout or a condition of a workload. Two actions concern no pod: a
// [Drop] record reports records that were dropped to make room, under
// `state.whenFull: drop-oldest`, and a [Gap] record a time of which Events may be missing.
const (
	Create Action = iota + 1
	Update
	Delete
	Drop
	Event
	Gap
	WorkloadChange
)

// String returns the action as a record contains it: such as create.
func (a Action) String() string {
	switch a {
	case Create:
		return "create"
	case Update:
		return "update"
	case Delete:
		return "delete"
	case Drop:
		return "drop"
	case Event:
		return "event"
	case Gap:
		return "gap"
	case WorkloadChange:
		return "workload"
	}
	return ""
}

// EventName returns the OpenTelemetry event name of records with this action.
func (a Action) EventName() string {
	switch a {
	case Create:
		return "podstatus.create"
	case Update:
		return "podstatus.update"
	case Delete:
		return "podstatus.delete"
	case Drop:
		return "podstatus.drop"
	case Event:
		return "podstatus.event"
	case Gap:
		return "podstatus.gap"
	case WorkloadChange:
		return "podstatus.workload"
	}
	return ""
}
