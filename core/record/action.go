package record

// Action is what happened to the pod.
type Action uint8

// The actions. Only an [Update] has a [State]. A [Drop] record concerns no pod: it
// reports records that were dropped to make room, under `state.whenFull: drop-oldest`.
const (
	Create Action = iota + 1
	Update
	Delete
	Drop
)

// String returns the action as a record contains it: create, update, delete or drop.
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
	}
	return ""
}
