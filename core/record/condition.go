package record

// Condition is the condition of a pod that a record is about.
type Condition struct {
	Type   string // such as Ready
	Status string // True, False, Unknown or [ConditionRemoved]
}

// ConditionRemoved is the status of a condition that the pod no longer has.
const ConditionRemoved = "removed"
